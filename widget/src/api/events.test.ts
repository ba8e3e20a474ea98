import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { eventParser } from './events.ts';

const read = (...pieces: string[]) => {
  const take = eventParser();
  return pieces.flatMap((piece) => take(piece));
};

test.each([
  ['an event', 'event: campaign\ndata: {"id":1}\n\n', [{ name: 'campaign', data: '{"id":1}' }]],
  ['without a name', 'data: x\n\n', [{ name: 'message', data: 'x' }]],
  ['data in several lines', 'data: a\ndata:b\n\n', [{ name: 'message', data: 'a\nb' }]],
  ['a sign of life', ':\n\n', []],
  ['a comment within an event', 'event: a\n: hello\ndata: x\n\n', [{ name: 'a', data: 'x' }]],
  ['a name without data', 'event: a\n\ndata: x\n\n', [{ name: 'message', data: 'x' }]],
  ['fields that we do not use', 'id: 7\nretry: 5\ndata: x\n\n', [{ name: 'message', data: 'x' }]],
  [
    'other ends of lines',
    'data: x\r\n\r\ndata: y\r\rz',
    [
      { name: 'message', data: 'x' },
      { name: 'message', data: 'y' },
    ],
  ],
  ['an event that was cut off', 'data: x\n', []],
])('%s', (_what, text, events) => {
  expect(read(text)).toEqual(events);
});

test('it does not matter where the pieces are cut', () => {
  const text = 'event: campaign\ndata: {"name":"Осень"}\n\n:\n\nevent: campaign\ndata: {"name":"Зима"}\n\n';
  fc.assert(
    fc.property(fc.array(fc.nat({ max: text.length }), { maxLength: 20 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      expect(read(...at.slice(1).map((end, i) => text.slice(at[i], end)))).toEqual(read(text));
    }),
  );
});
