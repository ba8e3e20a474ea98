import { isUtf8 } from 'node:buffer';
import type { Encoding } from '../../../../contract/list.ts';
import { cyrillicEncoding } from './cyrillic.ts';
import { ListProblem } from './list-problem.ts';
import { looksBinary, signatureKind } from './not-csv.ts';

export interface DetectedEncoding {
  encoding: Encoding;
  /** Length of the byte order mark to skip. */
  bomBytes: number;
}

const LOOKED_AT = 64 * 1024;
const LINE_FEED = 10;

const MARKS: Partial<Record<Encoding, readonly number[]>> = {
  'utf-8': [0xef, 0xbb, 0xbf],
  'utf-16le': [0xff, 0xfe],
  'utf-16be': [0xfe, 0xff],
};

/**
 * By the byte order mark; else UTF-16 by where its zero bytes stand; else UTF-8 where every byte obeys it; else the
 * one-byte encoding whose text is most like Russian. Libraries that guess took a third to a half of short
 * windows-1251 lists for something else.
 */
export function detectEncoding(bytes: Uint8Array): DetectedEncoding {
  if (markLength(bytes, 'utf-8') > 0) return { encoding: 'utf-8', bomBytes: 3 };
  // FF FE is also «яю» in windows-1251, but only UTF-16 has zeros, at its line ends and separators.
  for (const encoding of ['utf-16le', 'utf-16be'] as const) {
    if (markLength(bytes, encoding) > 0 && hasZero(bytes)) return { encoding, bomBytes: 2 };
  }
  const encoding =
    utf16ByZeros(bytes) ?? (isMostlyUtf8(bytes) ? 'utf-8' : cyrillicEncoding(fromFirstLetter(bytes)));
  return { encoding, bomBytes: 0 };
}

function markLength(bytes: Uint8Array, encoding: Encoding): number {
  const mark = MARKS[encoding] ?? [];
  return mark.every((byte, at) => bytes[at] === byte) ? mark.length : 0;
}

/** Where something stands that is not ASCII: what comes before says nothing of the encoding. */
function fromFirstLetter(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte >= 0x80);
  return bytes.subarray(Math.max(0, first - 1), Math.max(0, first - 1) + LOOKED_AT);
}

function hasZero(bytes: Uint8Array): boolean {
  return bytes.length === 2 || bytes.subarray(0, LOOKED_AT).includes(0);
}

/** Digits, separators and Latin letters have a zero as their high byte, Cyrillic 04, dashes and quotes 20 or 21. */
function utf16ByZeros(bytes: Uint8Array): Encoding | null {
  const pairs = Math.min(bytes.length, LOOKED_AT) >> 1;
  const zeros = [0, 0];
  const high = [0, 0];
  for (let at = 0; at < pairs * 2; at++) {
    const byte = bytes[at]!;
    if (byte === 0) zeros[at & 1]! += 1;
    if (byte === 0 || byte === 4 || byte === 0x20 || byte === 0x21) high[at & 1]! += 1;
  }
  const isHigh = (lane: 0 | 1) =>
    zeros[lane]! > pairs * 0.15 && zeros[1 - lane]! <= pairs * 0.02 && high[lane]! > pairs * 0.9;
  if (pairs === 0) return null;
  return isHigh(1) ? 'utf-16le' : isHigh(0) ? 'utf-16be' : null;
}

/**
 * One letter cut in half must not turn a whole UTF-8 file into windows-1251 nonsense: when well-formed letters
 * outnumber the broken ones ten to one, it is UTF-8 that is damaged, and `decode` says where.
 */
function isMostlyUtf8(bytes: Uint8Array): boolean {
  if (isUtf8(bytes)) return !isUtf8ByChance(bytes);
  let good = 0;
  let bad = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80) continue;
    const tail =
      byte >= 0xf0 && byte < 0xf5 ? 3 : byte >= 0xe0 && byte < 0xf0 ? 2 : byte >= 0xc2 && byte < 0xe0 ? 1 : 0;
    let seen = 0;
    while (seen < tail && (bytes[at + 1 + seen]! & 0xc0) === 0x80) seen += 1;
    if (tail > 0 && seen === tail) good += 1;
    else bad += 1;
    at += seen;
  }
  return good > bad * 10;
}

/**
 * «ЦЁ» in windows-1251 is a Hebrew accent in UTF-8. A few letters, each of a script that our lists do not have, are
 * windows-1251; five in a row do not come about by chance.
 */
function isUtf8ByChance(bytes: Uint8Array): boolean {
  let letters = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte < 0x80) continue;
    const isUsual = byte === 0xc2 || byte === 0xc3 || byte === 0xd0 || byte === 0xd1 || byte >= 0xe0;
    letters += 1;
    if (isUsual || letters === 5) return false;
    at += 1;
  }
  return letters > 0;
}

/**
 * The text as UTF-8 without byte order mark and NULs, which is what the parser works on.
 * @throws ListProblem file_unreadable where UTF-8 is damaged, with the row
 */
export function decode(bytes: Uint8Array, { encoding, bomBytes }: DetectedEncoding): Buffer {
  const body = bytes.subarray(bomBytes);
  if (encoding === 'utf-8') {
    if (!isUtf8(body)) throw new ListProblem('file_unreadable', { row: firstBrokenRow(body) });
    return withoutNuls(Buffer.from(body.buffer, body.byteOffset, body.byteLength));
  }
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += 1 << 20) {
    parts.push(Buffer.from(decoder.decode(body.subarray(at, at + (1 << 20)), { stream: true })));
  }
  parts.push(Buffer.from(decoder.decode()));
  return withoutNuls(Buffer.concat(parts));
}

function firstBrokenRow(body: Uint8Array): number {
  const text = Buffer.from(new TextDecoder('utf-8', { ignoreBOM: true }).decode(body));
  let row = 1;
  const end = text.indexOf('\uFFFD');
  for (let at = 0; at < end; at++) if (text[at] === LINE_FEED) row += 1;
  return row;
}

function withoutNuls(text: Buffer): Buffer {
  return text.includes(0) ? (text.filter((byte) => byte !== 0) as Buffer) : text;
}

/**
 * @param chosen the encoding when a person has said it
 * @returns the file's text as UTF-8 and the encoding it had
 * @throws ListProblem file_not_csv (with `kind`), file_unreadable, file_empty
 */
export function readText(bytes: Uint8Array, chosen?: Encoding): { text: Buffer; encoding: Encoding } {
  if (bytes.length === 0) throw new ListProblem('file_empty');
  const signature = signatureKind(bytes);
  if (signature) throw new ListProblem('file_not_csv', { kind: signature });
  const detected = chosen ? { encoding: chosen, bomBytes: markLength(bytes, chosen) } : detectEncoding(bytes);
  if (!detected.encoding.startsWith('utf-16') && looksBinary(bytes)) {
    throw new ListProblem('file_not_csv', { kind: 'binary' });
  }
  return { text: decode(bytes, detected), encoding: detected.encoding };
}
