/**
 * Characters that a keyboard, Word or a slip of the layout puts into a Latin text, and what GSM 03.38 has in their place.
 * One of them makes every SMS of the text 70 characters long in place of 160.
 */
import { GSM_BASIC, GSM_EXTENDED } from './sms-length.ts';

const PUNCTUATION: readonly (readonly [string, string])[] = [
  ['«»“”„‟″', '"'],
  ['‘’‚‛′`´', "'"],
  ['‐‑‒–—―−', '-'],
  ['…', '...'],
  ['№', 'No.'],
  ['•·', '*'],
  // Spaces that do not break, or are of another width.
  ['\u00a0\u2002\u2003\u2007\u2009\u202f', ' '],
  // What cannot be seen at all.
  ['\u00ad\u200b\u200c\u200d\u2060\ufeff', ''],
];

/** Cyrillic letters that look like Latin ones. */
const ALIKE = ['аеорсухАВЕКМНОРСТХ', 'aeopcyxABEKMHOPCTX'] as const;

const EQUIVALENTS: ReadonlyMap<string, string> = new Map([
  ...PUNCTUATION.flatMap(([characters, instead]) => [...characters].map((each) => [each, instead] as const)),
  ...[...ALIKE[0]].map((each, at) => [each, ALIKE[1][at]!] as const),
]);

/** @returns the text with what has an equivalent replaced; null where something is left that forces UCS-2 */
export function gsmEquivalent(text: string): string | null {
  let result = '';
  for (const character of text.normalize('NFC')) {
    const instead = isGsm(character) ? character : EQUIVALENTS.get(character);
    if (instead === undefined) return null;
    result += instead;
  }
  return result;
}

function isGsm(character: string): boolean {
  return GSM_BASIC.has(character) || GSM_EXTENDED.has(character);
}
