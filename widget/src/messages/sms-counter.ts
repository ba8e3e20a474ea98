import { gsmEquivalent } from '../../../contract/gsm-equivalents.ts';
import { MAX_SEGMENTS, smsLength, type SmsLength } from '../../../contract/sms-length.ts';
import { parseText } from '../../../contract/sms-text.ts';

export interface TextCount extends SmsLength {
  /** What fits in one message: 160 or 70. */
  single: number;
  variables: number;
  /** Cyrillic, as everybody here expects of it, or some odd characters in a Latin text. */
  cause: 'cyrillic' | 'characters' | null;
  /** The text with plain characters in place of those; null where that cannot be done. */
  plain: string | null;
}

const CYRILLIC = /\p{Script=Cyrillic}/u;

/** The length of what is written, without the values of variables: they differ from row to row. */
export function countText(text: string): TextCount {
  const pieces = parseText(text);
  const fixed = pieces.map((piece) => (piece.kind === 'text' ? piece.text : '')).join('');
  const length = smsLength(fixed);
  const odd = length.forcing.filter((character) => !CYRILLIC.test(character));
  const cyrillic = length.forcing.length - odd.length;
  const cause = length.encoding === 'gsm' ? null : cyrillic > 5 ? 'cyrillic' : 'characters';
  return {
    ...length,
    single: length.encoding === 'gsm' ? 160 : 70,
    variables: pieces.filter((piece) => piece.kind === 'variable').length,
    // Few Cyrillic letters in a Latin text are mostly a slip: a «с» for a c.
    cause,
    plain: cause === 'characters' ? plainText(text) : null,
  };
}

/** Variables are left as they are: their names are those of columns. */
function plainText(text: string): string | null {
  const parts = text.split(/(\{\{[^{}]*\}\})/);
  const plain = parts.map((part, at) => (at % 2 === 1 ? part : gsmEquivalent(part)));
  return plain.includes(null) ? null : plain.join('');
}

export function fitsFiveSms(text: string): boolean {
  return countText(text).segments <= MAX_SEGMENTS;
}
