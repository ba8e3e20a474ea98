import type { Encoding, Refusal } from '../../contract/list.ts';
import { encode } from './encode.ts';

export interface BigFile {
  bytes: Buffer;
  /** Known by construction, for `method: 'sms'` and `'waba'` alike. */
  expected: {
    rows: number;
    contacts: number;
    duplicates: number;
    refused: number;
    refusedBy: Partial<Record<Refusal, number>>;
  };
}

/** Cells that hold no usable number, and why. */
const REFUSED: readonly (readonly [string, Refusal])[] = [
  ['нет', 'no_number'],
  ['7,91235E+10', 'excel_precision_lost'],
  ['8912345678', 'ten_digits_not_9'],
  ['+7 912 345 67 8', 'length'],
  ['8 800 555-35-35', 'not_mobile'],
  ['8912З456789', 'letters'],
];

/** A Russian mobile number (ten digits) as people write it; 13.5 characters on average. */
const SPELLINGS: readonly ((n: string) => string)[] = [
  (n) => `7${n}`,
  (n) => `8${n}`,
  (n) => `+7${n}`,
  (n) => n,
  (n) => `8 ${n.slice(0, 3)} ${n.slice(3, 6)}-${n.slice(6, 8)}-${n.slice(8)}`,
  (n) => `8(${n.slice(0, 3)})${n.slice(3, 6)}-${n.slice(6, 8)}-${n.slice(8)}`,
  (n) => `+7 ${n.slice(0, 3)} ${n.slice(3)}`,
  (n) => `+7 (${n.slice(0, 3)}) ${n.slice(3, 6)}-${n.slice(6, 8)}-${n.slice(8)}`,
];

/** Shares of the rows, as lists of customers have them. */
const REFUSED_SHARE = 0.005;
const REPEATED_SHARE = 0.01;

/**
 * One column `Телефон` of mixed spellings; some rows refused, some a number of an earlier row spelt otherwise. The
 * same seed gives the same file. 600,000 rows in UTF-8 or windows-1251 stay below 10 MB.
 */
export function bigFile({
  rows,
  seed,
  encoding,
}: {
  rows: number;
  seed: number;
  encoding: Encoding;
}): BigFile {
  const random = numbers(seed);
  const expected: BigFile['expected'] = { rows, contacts: 0, duplicates: 0, refused: 0, refusedBy: {} };
  const lines = ['Телефон'];
  const spelt: number[] = [];
  for (let row = 0; row < rows; row++) {
    const dice = random();
    if (dice < REFUSED_SHARE) {
      const [cell, reason] = REFUSED[expected.refused % REFUSED.length]!;
      expected.refused += 1;
      expected.refusedBy[reason] = (expected.refusedBy[reason] ?? 0) + 1;
      lines.push(cell);
    } else if (dice < REFUSED_SHARE + REPEATED_SHARE && expected.contacts > 0) {
      const contact = Math.floor(random() * expected.contacts);
      expected.duplicates += 1;
      lines.push(spell(contact, seed, spelt[contact]! + 1 + Math.floor(random() * (SPELLINGS.length - 1))));
    } else {
      spelt.push(Math.floor(random() * SPELLINGS.length));
      lines.push(spell(expected.contacts, seed, spelt.at(-1)!));
      expected.contacts += 1;
    }
  }
  const bytes = encode(lines.join('\n') + '\n', encoding, encoding.startsWith('utf-16'));
  return { bytes: Buffer.from(bytes.buffer), expected };
}

/** The n-th number: each n another one, scattered over the codes 910 to 919. */
function spell(n: number, seed: number, spelling: number): string {
  const national = 9_100_000_000 + ((n * 7919 + seed) % 100_000_000);
  return SPELLINGS[spelling % SPELLINGS.length]!(String(national));
}

/** mulberry32: numbers in [0, 1) that the same seed repeats. */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
