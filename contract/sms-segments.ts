/**
 * `smsLength` for hundreds of thousands of texts made of the same parts: each part is measured once and the parts
 * are added up, so that a row costs what its own values cost. Property tests hold the two equal.
 */
import { CAPACITY, GSM_BASIC, GSM_EXTENDED, normaliseSmsText, type SmsEncoding } from './sms-length.ts';

export interface SmsMeasure {
  encoding: SmsEncoding;
  /** Units used: septets for GSM, UTF-16 units for UCS-2. */
  units: number;
  segments: number;
  /** Distinct characters that force UCS-2, in order of appearance; null where there are more than MAX_FORCING. */
  forcing: readonly string[] | null;
}

/** Of a text with more different characters than these, no single one is to blame. */
export const MAX_FORCING = 3;

const BASIC = 0;
const EXTENDED = 1;
const FORCES = 2;
/** The first half of a character that normalising leaves alone: U+1F000 to U+1FBFF, emoji above all. */
const FIRST_HALF = 3;
/** May change when the whole text is normalised. */
const UNSETTLED = 4;

/**
 * What each UTF-16 unit is. Those that stand for themselves in NFC and join with nothing before them are settled: a
 * text of them alone is normalised already, and so are two such texts one after the other (UAX #15, "Detecting
 * Normalization Forms"). From U+3000 on nobody looks: normalising is then the slower, not the wrong way.
 */
const KINDS = new Uint8Array(0x10000).fill(UNSETTLED);
for (let code = 0; code < 0x3000; code++) KINDS[code] = kindOf(String.fromCharCode(code), code);
KINDS.fill(FIRST_HALF, 0xd83c, 0xd83f);
// Variation selectors, which most emoji bring along.
KINDS.fill(FORCES, 0xfe00, 0xfe10);

function kindOf(character: string, code: number): number {
  const isJamo = code >= 0x1100 && code <= 0x11ff;
  if (character === '\r' || isJamo || /\p{M}/u.test(character)) return UNSETTLED;
  if (character.normalize('NFC') !== character) return UNSETTLED;
  return GSM_BASIC.has(character) ? BASIC : GSM_EXTENDED.has(character) ? EXTENDED : FORCES;
}

/** The length of a text as it is sent, whether or not it is normalised yet. */
export function measureSms(text: string): SmsMeasure {
  return new SmsMeter().add(text).measure(() => text);
}

/** Adds up the parts of one text, in their order. */
export class SmsMeter {
  private length = 0;
  private extended = 0;
  private pairs = 0;
  private forced = false;
  private forcing: readonly string[] | null = [];
  private settled = true;

  reset(): this {
    this.length = this.extended = this.pairs = 0;
    this.forced = false;
    this.forcing = [];
    this.settled = true;
    return this;
  }

  add(text: string, isNormalised = false): this {
    this.length += text.length;
    for (let i = 0; i < text.length; i++) {
      const kind = KINDS[text.charCodeAt(i)]!;
      if (kind === BASIC) continue;
      if (kind === EXTENDED) this.extended += 1;
      else if (kind === FORCES) this.force(text, i, 1);
      else {
        const width = widthOf(text, i);
        if (!isNormalised && (kind === UNSETTLED || width === 1)) this.settled = false;
        this.force(text, i, width);
        i += width - 1;
      }
    }
    return this;
  }

  /** The same as adding its texts. */
  addMeasured(part: SmsMeter): this {
    this.length += part.length;
    this.extended += part.extended;
    this.pairs += part.pairs;
    this.forced ||= part.forced;
    this.settled &&= part.settled;
    if (part.forcing === null) this.forcing = null;
    else for (const character of part.forcing) this.blame(character);
    return this;
  }

  /** @param whole gives the text of all parts; asked only where their sum does not tell */
  measure(whole: () => string): SmsMeasure {
    if (!this.settled) {
      const text = normaliseSmsText(whole());
      return new SmsMeter().add(text, true).measured(() => text);
    }
    return this.measured(whole);
  }

  private measured(whole: () => string): SmsMeasure {
    const encoding = this.forced ? 'ucs2' : 'gsm';
    const units = this.forced ? this.length : this.length + this.extended;
    const wide = this.forced ? this.pairs : this.extended;
    return { encoding, units, segments: partsOf(encoding, units, wide, whole), forcing: this.forcing };
  }

  private force(text: string, at: number, width: number): void {
    this.forced = true;
    this.pairs += width - 1;
    if (this.forcing !== null) this.blame(text.slice(at, at + width));
  }

  private blame(character: string): void {
    if (this.forcing === null || this.forcing.includes(character)) return;
    this.forcing = this.forcing.length < MAX_FORCING ? [...this.forcing, character] : null;
  }
}

/** 2 for a surrogate pair, 1 for anything else. */
function widthOf(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (code < 0xd800 || code > 0xdbff) return 1;
  const next = text.charCodeAt(at + 1);
  return next >= 0xdc00 && next <= 0xdfff ? 2 : 1;
}

/** @param wide how many characters take two units: only they may leave the last unit of a part unused */
function partsOf(encoding: SmsEncoding, units: number, wide: number, whole: () => string): number {
  const { single, part } = CAPACITY[encoding];
  if (units <= single) return Math.min(units, 1);
  const parts = Math.ceil(units / part);
  // Even with a unit lost at each border it fits: no need to look where the characters stand.
  const lost = Math.min(wide, parts - 1);
  return parts * part - lost >= units ? parts : fill(whole(), encoding);
}

/** Fills parts one character after another: one of two units may leave the last unit of a part unused. */
function fill(text: string, encoding: SmsEncoding): number {
  const { part } = CAPACITY[encoding];
  let segments = 1;
  let used = 0;
  for (let i = 0; i < text.length; i++) {
    const width = encoding === 'ucs2' ? widthOf(text, i) : KINDS[text.charCodeAt(i)] === EXTENDED ? 2 : 1;
    if (encoding === 'ucs2') i += width - 1;
    if (used + width > part) {
      segments += 1;
      used = 0;
    }
    used += width;
  }
  return segments;
}
