import type { NotCsvKind } from '../../../../contract/not-csv.ts';

const SIGNATURES: readonly (readonly [string, NotCsvKind])[] = [
  ['\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1', 'xls'],
  ['%PDF-', 'pdf'],
  ['\x89PNG', 'image'],
  ['\xFF\xD8\xFF', 'image'],
  ['GIF8', 'image'],
  ['\x1F\x8B\x08', 'gzip'],
  ['Rar!\x1A\x07', 'rar'],
  ['7z\xBC\xAF\x27\x1C', 'rar'],
  ['{\\rtf', 'rtf'],
];

/** Bytes that tell: enough for any beginning, and for a share of odd bytes that chance does not reach. */
const LOOKED_AT = 64 * 1024;

/** Recognises files that are no text by how they begin. */
export function signatureKind(bytes: Uint8Array): NotCsvKind | null {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = all.toString('latin1', 0, 512);
  if (start.startsWith('PK\x03\x04') || start.startsWith('PK\x05\x06')) return zipKind(all);
  for (const [signature, kind] of SIGNATURES) if (start.startsWith(signature)) return kind;
  const text = start.replace(/^\xEF\xBB\xBF/, '').trimStart();
  if (/^(<!doctype html|<html|<head|<meta|<style|<table)/i.test(text)) return 'html';
  return /^<\?xml/i.test(text) ? 'xml' : null;
}

/** The directory of an archive names its files uncompressed. */
function zipKind(all: Buffer): NotCsvKind {
  if (all.includes('xl/workbook')) return 'xlsx';
  if (all.includes('opendocument.spreadsheet')) return 'ods';
  return all.includes('word/document') ? 'docx' : 'zip';
}

/**
 * Whether bytes of a one-byte encoding or UTF-8 are no text: compressed data has 11 % of control characters, text
 * none. NULs are counted apart and up to a tenth forgiven: broken exports pad with them, and reading drops them.
 */
export function looksBinary(bytes: Uint8Array): boolean {
  let end = Math.min(bytes.length, LOOKED_AT);
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  if (end === 0) return bytes.length > 0;
  let nuls = 0;
  let controls = 0;
  for (let at = 0; at < end; at++) {
    const byte = bytes[at]!;
    if (byte === 0) nuls += 1;
    else if (byte < 9 || (byte > 13 && byte < 32 && byte !== 0x1a)) controls += 1;
  }
  return nuls > end * 0.1 || controls > end * 0.03;
}
