import type { Encoding } from '../../../../contract/list.ts';

type OneByte = Exclude<Encoding, `utf-${string}`>;

/** Characters of an encoding that has one byte for each, in the order of their bytes. */
function charactersOf(encoding: OneByte): string[] {
  const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  return [...new TextDecoder(encoding).decode(every)];
}

/** By UTF-16 code: the byte; 0 where there is none, and for the zero itself. */
const BYTE_OF: Record<OneByte, Uint8Array> = {
  'windows-1251': byteOf('windows-1251'),
  'koi8-r': byteOf('koi8-r'),
  ibm866: byteOf('ibm866'),
};

function byteOf(encoding: OneByte): Uint8Array {
  const bytes = new Uint8Array(65_536);
  for (const [byte, character] of charactersOf(encoding).entries()) bytes[character.charCodeAt(0)] = byte;
  return bytes;
}

export function isOneByte(encoding: Encoding): encoding is OneByte {
  return Object.hasOwn(BYTE_OF, encoding);
}

/** What a file begins with, so that spreadsheets know its encoding; nothing where it has no mark. */
export function markOf(encoding: Encoding): Buffer {
  return isOneByte(encoding) ? Buffer.alloc(0) : encodeText('\uFEFF', encoding);
}

const QUESTION_MARK = 0x3f;

/** What an encoding does not have becomes a question mark; `canEncode` tells beforehand. */
export function encodeText(text: string, encoding: Encoding): Buffer {
  if (encoding === 'utf-8') return Buffer.from(text);
  if (encoding === 'utf-16le') return Buffer.from(text, 'utf16le');
  if (encoding === 'utf-16be') return Buffer.from(text, 'utf16le').swap16();
  const bytes = BYTE_OF[encoding];
  const encoded = Buffer.alloc(text.length);
  for (let at = 0; at < text.length; at++) encoded[at] = bytes[text.charCodeAt(at)] || QUESTION_MARK;
  return encoded;
}

export function canEncode(text: string, encoding: Encoding): boolean {
  if (!isOneByte(encoding)) return true;
  for (let at = 0; at < text.length; at++) if (BYTE_OF[encoding][text.charCodeAt(at)] === 0) return false;
  return true;
}

/** A bracket expression of PostgreSQL that matches what the encoding does not have; for ASCII's zero there is none. */
export function missingFrom(encoding: OneByte): string {
  const points = charactersOf(encoding).map((character) => character.codePointAt(0)!);
  const hex = (point: number) => `\\u${point.toString(16).padStart(4, '0')}`;
  const kept = points.filter((point) => point > 0).sort((one, other) => one - other);
  let ranges = '';
  for (let at = 0; at < kept.length; at++) {
    const first = kept[at]!;
    while (kept[at + 1] === kept[at]! + 1) at += 1;
    ranges += first === kept[at] ? hex(first) : `${hex(first)}-${hex(kept[at]!)}`;
  }
  return `[^${ranges}]`;
}

const PLAINER: Record<string, string> = {
  '«': '"',
  '»': '"',
  '“': '"',
  '”': '"',
  '’': "'",
  '…': '...',
  '—': '-',
  '–': '-',
};

/** Our own words with the simplest punctuation, where the encoding lacks the better one. */
export function plainer(text: string, encoding: Encoding): string {
  return Array.from(text, (character) =>
    canEncode(character, encoding) ? character : (PLAINER[character] ?? character),
  ).join('');
}
