import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { smsLength } from './sms-length.ts';
import { MAX_FORCING, measureSms, SmsMeter } from './sms-segments.ts';

function slowly(text: string) {
  const { encoding, units, segments, forcing } = smsLength(text);
  return { encoding, units, segments, forcing: forcing.length > MAX_FORCING ? null : forcing };
}

test.each([
  '',
  'a'.repeat(160),
  'a'.repeat(161),
  'a'.repeat(765),
  'a'.repeat(766),
  'я'.repeat(70),
  'я'.repeat(71),
  'я'.repeat(335),
  'я'.repeat(336),
  '€'.repeat(80),
  `a${'€'.repeat(80)}`,
  `${'a'.repeat(152)}€${'a'.repeat(152)}`,
  `${'я'.repeat(66)}😜${'я'.repeat(66)}`,
  `${'a'.repeat(69)}😜`,
  '\ud800',
  '\udc00\ud800',
  'e\u0301\r\n\r',
  'и\u0306'.repeat(70),
  '❤️'.repeat(40),
  '\u212b\u2126\u037e',
  '\u1112\u1161\u11ab',
  '〜語',
  'a“b”c—d',
  'a“b”c—№',
])('%j is as long as smsLength says', (text) => {
  expect(measureSms(text)).toEqual(slowly(text));
});

test('every UTF-16 unit alone, and after a letter, is as long as smsLength says', () => {
  for (let code = 0; code < 0x10000; code++) {
    for (const before of ['', 'e', 'я']) {
      const text = before + String.fromCharCode(code);
      const measured = measureSms(text);
      const expected = slowly(text);
      if (JSON.stringify(measured) !== JSON.stringify(expected)) {
        expect([code.toString(16), measured]).toEqual([code.toString(16), expected]);
      }
    }
  }
});

/** Letters that join with what stands before or after them, halves of characters, both alphabets. */
const awkward = fc.string({
  unit: fc.constantFrom(
    ...['a', '€', '[', 'я', 'и', '\u0306', 'e', '\u0301', '\u0308', '\r', '\n', '😜', '\ud83d', '\ude1c'],
    ...['\u1100', '\u1161', '\u11a8', '\u0344', '\u212b', '\u09c7', '\u09be', '“', '\u{1d15e}', '\ufb2c'],
  ),
  maxLength: 200,
});
/** About the limits, where a character more or less makes a part. */
const long = fc
  .tuple(
    fc.constantFrom('a', 'я', '€', '😜'),
    fc.integer({ min: 0, max: 400 }),
    awkward,
    fc.nat({ max: 400 }),
  )
  .map(([unit, before, middle, after]) => unit.repeat(before) + middle + 'b'.repeat(after));

test('property: any text is as long as smsLength says', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), awkward, long), (text) => {
      expect(measureSms(text)).toEqual(slowly(text));
    }),
    { numRuns: 1500 },
  );
});

test('property: a text is as long as its parts together, however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(awkward, long), { maxLength: 4 }), (parts) => {
      const text = parts.join('');
      const written = new SmsMeter();
      const measured = new SmsMeter();
      for (const part of parts) {
        written.add(part);
        measured.addMeasured(new SmsMeter().add(part));
      }
      expect(written.measure(() => text)).toEqual(slowly(text));
      expect(measured.measure(() => text)).toEqual(slowly(text));
      expect(measured.reset().measure(() => '')).toEqual(slowly(''));
    }),
    { numRuns: 1500 },
  );
});
