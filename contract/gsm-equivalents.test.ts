import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { gsmEquivalent } from './gsm-equivalents.ts';
import { smsLength } from './sms-length.ts';

test.each([
  ['“Sale” — 20% off…', '"Sale" - 20% off...'],
  ['It’s №\u00a05', "It's No. 5"],
  ['Sаlе', 'Sale'],
  ['zero\u200bwidth', 'zerowidth'],
  ['plain €5', 'plain €5'],
  ['', ''],
  ['Скидка', null],
  ['Sale 🎉', null],
])('%j becomes %j', (text, expected) => expect(gsmEquivalent(text)).toBe(expected));

test('what comes of it is in the alphabet of GSM and stays as it is', () => {
  const characters = fc.constantFrom(...'abc ABC“”«»—…№’аос\u00a0€[]\n');
  fc.assert(
    fc.property(fc.array(characters, { maxLength: 300 }), (typed) => {
      const text = typed.join('');
      const plain = gsmEquivalent(text)!;
      expect(smsLength(plain).encoding).toBe('gsm');
      expect(gsmEquivalent(plain)).toBe(plain);
    }),
  );
});
