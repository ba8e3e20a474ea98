import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { normaliseSmsText, smsLength } from './sms-length.ts';

describe('the borders of one part and of several', () => {
  test.each([
    ['', 'gsm', 0, 0, 160],
    ['a', 'gsm', 1, 1, 159],
    ['a'.repeat(160), 'gsm', 160, 1, 0],
    ['a'.repeat(161), 'gsm', 161, 2, 145],
    ['a'.repeat(306), 'gsm', 306, 2, 0],
    ['a'.repeat(307), 'gsm', 307, 3, 152],
    ['a'.repeat(765), 'gsm', 765, 5, 0],
    ['a'.repeat(766), 'gsm', 766, 6, 152],
    ['я'.repeat(70), 'ucs2', 70, 1, 0],
    ['я'.repeat(71), 'ucs2', 71, 2, 63],
    ['я'.repeat(335), 'ucs2', 335, 5, 0],
    ['я'.repeat(336), 'ucs2', 336, 6, 66],
  ])('%#', (text, encoding, units, segments, left) => {
    expect(smsLength(text)).toMatchObject({ encoding, units, segments, left });
  });
});

test('five parts hold 765 septets or 335 units', () => {
  expect([smsLength('a').limit, smsLength('a'.repeat(161)).limit]).toEqual([765, 765]);
  expect([smsLength('я').limit, smsLength('я'.repeat(71)).limit]).toEqual([335, 335]);
});

test('the GSM alphabet has 127 characters of one septet and ten of two, and no others', () => {
  const widths = new Map<number, string>();
  for (let code = 0; code < 0xd800; code++) {
    const { encoding, units } = smsLength(String.fromCharCode(code));
    if (encoding === 'gsm') widths.set(units, (widths.get(units) ?? '') + String.fromCharCode(code));
  }
  // NFC makes letters of the Ohm, Kelvin and Angstrom signs, and a semicolon of the Greek question mark.
  expect(widths.get(1)).toHaveLength(127 + 4);
  expect(widths.get(2)).toBe('\f[\\]^{|}~€');
});

test.each(['`', 'ç', '№', '«', '“', '–', '…', '\u00a0', '\t', '₽', 'ё', '😜'])(
  '%j forces UCS-2',
  (character) => {
    expect(smsLength(`Hello ${character}`)).toMatchObject({ encoding: 'ucs2', forcing: [character] });
  },
);

test('a Greek capital and an accented letter of the alphabet force nothing', () => {
  expect(smsLength('ΔΦΓΛΩΠΨΣΘΞ éèùìòÇØøÅåÆæßÉÄÖÑÜäöñüà¡¿£¥§¤@_').encoding).toBe('gsm');
});

test('the characters that force UCS-2 come once each, in order of appearance', () => {
  expect(smsLength('a“b”c“d№').forcing).toEqual(['“', '”', '№']);
});

describe('a character is never split between parts', () => {
  test.each([
    ['an extended character at the end of one part', '€'.repeat(80), 160, 1],
    ['half a septet pair left over', 'a' + '€'.repeat(80), 161, 2],
    ['a pair on the border moves whole', 'a'.repeat(152) + '€' + 'a'.repeat(152), 306, 3],
    ['the same without a pair', 'a'.repeat(306), 306, 2],
    ['a surrogate pair fills one part', '😜' + 'я'.repeat(68), 70, 1],
    ['and one unit more makes two', '😜' + 'я'.repeat(69), 71, 2],
    ['a surrogate pair on the border moves whole', 'я'.repeat(66) + '😜' + 'я'.repeat(66), 134, 3],
  ])('%s', (_, text, units, segments) => {
    expect(smsLength(text)).toMatchObject({ units, segments });
  });
});

test('letters that macOS writes as two characters are counted, and sent, as one', () => {
  expect(smsLength('и\u0306'.repeat(70))).toMatchObject({ units: 70, segments: 1, forcing: ['й'] });
  expect(normaliseSmsText('е\u0308')).toBe('ё');
});

test('a line break is one line feed, however it was written', () => {
  expect(normaliseSmsText('a\r\nb\rc\nd')).toBe('a\nb\nc\nd');
  expect(smsLength('a\r\n'.repeat(80))).toMatchObject({ units: 160, segments: 1 });
});

const gsmText = fc.string({ unit: fc.constantFrom(...'aZ0 é\n€[~'), maxLength: 400 });
const anyText = fc.string({ unit: 'binary', maxLength: 400 });

test('property: the parts can hold the units, and nothing is wasted but what a character on a border costs', () => {
  fc.assert(
    fc.property(fc.oneof(gsmText, anyText), (text) => {
      const { encoding, units, segments, left } = smsLength(text);
      const [single, part] = encoding === 'gsm' ? [160, 153] : [70, 67];
      const capacity = segments <= 1 ? single : segments * part;
      expect(units).toBeLessThanOrEqual(capacity);
      expect(left).toBeGreaterThanOrEqual(0);
      if (segments > 1) {
        expect(units).toBeGreaterThan(single);
        expect(capacity - units - left).toBeLessThanOrEqual(segments - 1);
      }
    }),
    { numRuns: 300 },
  );
});

test('property: as many parts as filling them one character at a time makes', () => {
  fc.assert(
    fc.property(gsmText, (text) => {
      const parts = [''];
      const width = (part: string) => [...part].reduce((sum, c) => sum + ('€[~'.includes(c) ? 2 : 1), 0);
      for (const character of text) {
        if (width(parts.at(-1)! + character) > 153) parts.push('');
        parts[parts.length - 1] += character;
      }
      const expected = text === '' ? 0 : width(text) <= 160 ? 1 : parts.length;
      expect(smsLength(text).segments).toBe(expected);
    }),
    { numRuns: 150 },
  );
});

test('property: the length does not depend on how letters are composed or lines broken', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('й', 'ё', 'é', 'a', '\n', '😜'), maxLength: 200 }),
      (text) => {
        expect(smsLength(text.normalize('NFD').replaceAll('\n', '\r\n'))).toEqual(smsLength(text));
      },
    ),
    { numRuns: 200 },
  );
});
