import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { marksOf } from './sms-marks.ts';

const told = (text: string, columns: string[], forcing: string[]) =>
  marksOf(text, columns, forcing).map(({ text: piece, mark }) => (mark ? `${mark}:${piece}` : piece));

test.each<[string, string[], string[], string[]]>([
  ['Hello', [], [], ['Hello']],
  ['', [], [], []],
  ['Hi {{name}}!', [], [], ['Hi ', 'variable:{{name}}', '!']],
  ['{{ Имя |друг}}', ['имя'], [], ['variable:{{ Имя |друг}}']],
  ['{{город}} {{Имя}}', ['имя'], [], ['unknown:{{город}}', ' ', 'variable:{{Имя}}']],
  ['“Sale” ✓', [], ['“', '”'], ['forcing:“', 'Sale', 'forcing:”', ' ✓']],
  ['a😀😀b', [], ['😀'], ['a', 'forcing:😀😀', 'b']],
  // What stands inside a variable is replaced for every row and counts for nothing.
  ['{{“a”}}“', [], ['“'], ['variable:{{“a”}}', 'forcing:“']],
  ['{{}} {x}', [], [], ['{{}} {x}']],
])('%j with the columns %j', (text, columns, forcing, pieces) => {
  expect(told(text, columns, forcing)).toEqual(pieces);
});

test('the pieces are always the whole text again', () => {
  const text = fc
    .array(fc.constantFrom('{{', '}}', '{', '}', '|', 'имя', ' ', 'a', '“', '😀', '\n'))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, fc.subarray(['имя', 'a']), fc.subarray(['“', '😀']), (typed, columns, forcing) => {
      expect(
        marksOf(typed, columns, forcing)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(typed);
    }),
  );
});
