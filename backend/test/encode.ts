import type { Encoding } from '../../contract/list.ts';

type OneByte = Extract<Encoding, 'windows-1251' | 'koi8-r' | 'ibm866'>;

const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, at) => at);
const tableOf = (encoding: OneByte) =>
  new Map([...new TextDecoder(encoding).decode(EVERY_BYTE)].map((character, at) => [character, at]));
const TABLES: Record<OneByte, Map<string, number>> = {
  'windows-1251': tableOf('windows-1251'),
  'koi8-r': tableOf('koi8-r'),
  ibm866: tableOf('ibm866'),
};

/** A text as the bytes of a file; the encodings the reader knows. */
export function encode(text: string, encoding: Encoding, bom = false): Uint8Array<ArrayBuffer> {
  const marked = bom ? `\uFEFF${text}` : text;
  switch (encoding) {
    case 'utf-8':
      return Uint8Array.from(Buffer.from(marked));
    case 'utf-16le':
      return Uint8Array.from(Buffer.from(marked, 'utf16le'));
    case 'utf-16be':
      return Uint8Array.from(Buffer.from(marked, 'utf16le').swap16());
    default:
      // There is no byte order mark in them.
      return Uint8Array.from(text, (character) => TABLES[encoding].get(character) ?? 0x3f);
  }
}
