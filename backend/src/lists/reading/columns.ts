import type { ReadingOptions } from '../../../../contract/list.ts';
import { columnKey } from '../../../../contract/sms-text.ts';
import { normalisePhone } from './phone.ts';

export interface Columns {
  names: string[];
  /** Index into `names`; null when no column holds phone numbers. */
  phone: number | null;
  /** Whether the first row names the columns. */
  header: boolean;
}

/** Names that mean a phone, best first: a list may have several, and a mobile one is what we want. */
const PHONE_NAMES: readonly RegExp[] = [
  /^(моб|мобильный|сотовый|сот|мобильный телефон|сотовый телефон|mobile|mobile phone|cell|cell phone|msisdn|whatsapp|ватсап|вотсап)$/,
  /^(телефон|тел|номер телефона|контактный телефон|phone|phone number|tel|telephone)$/,
  /(моб|сотов|mobile|msisdn|whatsapp|ватсап|вотсап)/,
  /(телефон|phone|^тел |^tel )/,
  /^(номер|number|контакт|контакты|contact|contacts)$/,
];
/** The last of the names says phone only when the cells do too: «Номер» may be that of an order. */
const WEAK = PHONE_NAMES.length - 1;

const NAME_LENGTH = 100;

/**
 * Decides what the columns are from the first rows of a file (up to 200, without empty ones; the header among them).
 * The phone column is the one named so, or else the one with the most valid numbers, at least half of its cells.
 * @param chosen what a person has said; a phone column that the file does not have is null in the answer
 */
export function findColumns(
  rows: readonly (readonly string[])[],
  chosen: Pick<ReadingOptions, 'header' | 'phoneColumn'> = {},
): Columns {
  const first = rows[0] ?? [];
  const isHeaderPossible = chosen.header ?? !first.some((cell) => normalisePhone(cell).ok);
  const body = isHeaderPossible ? rows.slice(1) : rows;
  const width = usedWidth(rows);
  const shares = Array.from({ length: width }, (_, at) => validShare(body, at));
  const byName = isHeaderPossible ? phoneByName(first, shares) : null;
  const told = chosen.phoneColumn ?? byName ?? phoneByContent(shares);
  const phone = told !== null && told < width ? told : null;
  const header =
    chosen.header ?? (byName !== null || (isHeaderPossible && phone !== null && isTitle(first[phone])));
  return { names: nameColumns(header ? first : null, width, phone), phone, header };
}

/** Columns up to the last that has anything in the header or a sampled row: `;;;` tails are dropped. */
function usedWidth(rows: readonly (readonly string[])[]): number {
  let width = 0;
  for (const row of rows) {
    let end = row.length;
    while (end > width && row[end - 1]!.trim() === '') end -= 1;
    width = Math.max(width, end);
  }
  return width;
}

interface Share {
  filled: number;
  valid: number;
}

function validShare(rows: readonly (readonly string[])[], at: number): Share {
  const share = { filled: 0, valid: 0 };
  for (const row of rows) {
    const cell = row[at] ?? '';
    if (cell.trim() === '') continue;
    share.filled += 1;
    if (normalisePhone(cell).ok) share.valid += 1;
  }
  return share;
}

function isMostlyValid({ filled, valid }: Share): boolean {
  return valid > 0 && valid * 2 >= filled;
}

function phoneByName(header: readonly string[], shares: readonly Share[]): number | null {
  let best: { at: number; rank: number } | null = null;
  for (const [at, share] of shares.entries()) {
    const name = phoneKey(header[at] ?? '');
    const index = PHONE_NAMES.findIndex((pattern) => pattern.test(name));
    if (index < 0 || (index === WEAK && !isMostlyValid(share))) continue;
    // A column with numbers in it goes before any name.
    const rank = index + (isMostlyValid(share) ? 0 : PHONE_NAMES.length);
    if (!best || rank < best.rank) best = { at, rank };
  }
  return best?.at ?? null;
}

function phoneByContent(shares: readonly Share[]): number | null {
  let best: number | null = null;
  for (const [at, share] of shares.entries()) {
    if (isMostlyValid(share) && (best === null || share.valid > shares[best]!.valid)) best = at;
  }
  return best;
}

function phoneKey(name: string): string {
  return columnKey(name.replace(/[^\p{L}\p{N}]+/gu, ' '));
}

/** A name rather than a wrong number: «Контакты», not «8912 нет». */
function isTitle(cell = ''): boolean {
  return /\p{L}/u.test(cell) && (cell.match(/\d/g)?.length ?? 0) < 5;
}

/** Every column gets a name of its own: variables find their column by it, whatever the case. */
function nameColumns(header: readonly string[] | null, width: number, phone: number | null): string[] {
  const taken = new Set<string>();
  return Array.from({ length: width }, (_, at) => {
    const given = header ? tidyName(header[at] ?? '') : at === phone ? 'Телефон' : '';
    const name = given || `Столбец ${at + 1}`;
    let unique = name;
    for (let copy = 2; taken.has(columnKey(unique)); copy++) unique = `${name} (${copy})`;
    taken.add(columnKey(unique));
    return unique;
  });
}

/** Braces and bars would end a `{{variable|fallback}}` early. */
function tidyName(name: string): string {
  const tidy = name.replace(/[{]/g, '(').replace(/[}]/g, ')').replace(/\|/g, '/').replace(/\s+/g, ' ').trim();
  return tidy.slice(0, NAME_LENGTH).trim();
}
