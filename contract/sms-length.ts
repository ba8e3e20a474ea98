/**
 * How many SMS a text takes. GSM 03.38 when every character is in its alphabet (160 septets, or 153 per part
 * of a long message), UCS-2 otherwise (70 UTF-16 units, or 67). A character is never split between two parts.
 * Source: 3GPP TS 23.038 (alphabets), TS 23.040 (concatenation).
 */
export const GSM_BASIC: ReadonlySet<string> = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
/** These take an escape and so two septets each. */
export const GSM_EXTENDED: ReadonlySet<string> = new Set('\f^{}\\[~]|€');

export const MAX_SEGMENTS = 5;

export type SmsEncoding = 'gsm' | 'ucs2';

export interface SmsLength {
  encoding: SmsEncoding;
  /** Units used: septets for GSM (extended characters count two), UTF-16 units for UCS-2. */
  units: number;
  segments: number;
  /** Most units that fit within MAX_SEGMENTS: 765 or 335. */
  limit: number;
  /** Units left in the part being written. */
  left: number;
  /** The distinct characters that force UCS-2, in order of appearance. */
  forcing: string[];
}

export const CAPACITY = { gsm: { single: 160, part: 153 }, ucs2: { single: 70, part: 67 } } as const;

/** The text as it is sent: composed letters (macOS writes й as two characters) and single line feeds. */
export function normaliseSmsText(text: string): string {
  return text.replace(/\r\n?/g, '\n').normalize('NFC');
}

export function smsLength(raw: string): SmsLength {
  const characters = [...normaliseSmsText(raw)];
  const forcing = [...new Set(characters.filter((c) => !GSM_BASIC.has(c) && !GSM_EXTENDED.has(c)))];
  const encoding: SmsEncoding = forcing.length > 0 ? 'ucs2' : 'gsm';
  const widths = characters.map((c) => (encoding === 'ucs2' ? c.length : GSM_EXTENDED.has(c) ? 2 : 1));
  const units = widths.reduce((sum, width) => sum + width, 0);
  const { single, part } = CAPACITY[encoding];
  if (units <= single) {
    return {
      encoding,
      units,
      segments: units === 0 ? 0 : 1,
      limit: part * MAX_SEGMENTS,
      left: single - units,
      forcing,
    };
  }
  let segments = 1;
  let used = 0;
  for (const width of widths) {
    if (used + width > part) {
      segments += 1;
      used = 0;
    }
    used += width;
  }
  return { encoding, units, segments, limit: part * MAX_SEGMENTS, left: part - used, forcing };
}
