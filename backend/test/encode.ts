import type { Encoding } from '../../contract/list.ts';

const CP1251 = new Map(
  [...new TextDecoder('windows-1251').decode(Uint8Array.from({ length: 256 }, (_, at) => at))].map(
    (character, at) => [character, at],
  ),
);

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
    case 'windows-1251':
      // There is no byte order mark in it.
      return Uint8Array.from(text, (character) => CP1251.get(character) ?? 0x3f);
  }
}
