/**
 * The form of a correction file: the list's refused rows in its own columns, order, separator and encoding, then what
 * is wrong with each, then its row number. The number's column is named after the list, so that corrections of another
 * list cannot be taken for those of this one.
 */
import { createHash } from 'node:crypto';
import { REFUSAL_TEXTS, type Refusal, type Separator } from '../../../../contract/list.ts';
import type { Language } from '../../../../contract/problems.ts';
import { columnKey } from '../../../../contract/sms-text.ts';

const REASON: Record<Language, string> = { en: 'What to correct', ru: 'Что исправить' };

/** In both languages, so that it also shows in which encoding the file came back. */
const ROW = 'Строка/Row';
const ROW_OF_ANY_LIST = new RegExp(`^${ROW} [0-9a-f]{10}$`);

export function rowColumn({
  accountId,
  campaignId,
  listId,
}: {
  accountId: number;
  campaignId: number;
  listId: number;
}): string {
  const hash = createHash('sha256').update(`${accountId}:${campaignId}:${listId}`).digest('hex');
  return `${ROW} ${hash.slice(0, 10)}`;
}

export function isRowColumn(name: string): boolean {
  return ROW_OF_ANY_LIST.test(name);
}

/** What to do about each row; one that has two numbers cannot become two rows here, as it can in a new file. */
export function reasonText(refusal: Refusal, language: Language): string {
  return refusal === 'two_numbers' ? TWO_NUMBERS[language] : REFUSAL_TEXTS[refusal][language];
}

const TWO_NUMBERS: Record<Language, string> = {
  en: 'Two numbers stand in one cell. Leave one of them.',
  ru: 'В ячейке два номера. Оставьте один.',
};

/** A name that none of the list's own columns has. */
export function reasonColumn(columns: readonly string[], language: Language): string {
  const taken = new Set(columns.map(columnKey));
  const name = REASON[language];
  let unique = name;
  for (let copy = 2; taken.has(columnKey(unique)); copy++) unique = `${name} (${copy})`;
  return unique;
}

export function correctionLine(cells: readonly string[], separator: Separator): string {
  return `${cells.map(correctionCell).join(separator)}\r\n`;
}

/**
 * Guarded as in `reports/csv.ts`, and one apostrophe more where there are some already, so that `withoutGuard` gives
 * back every cell as it was. Quoted whatever the separator is: a spreadsheet may save it with another.
 */
function correctionCell(cell: string): string {
  const safe = /^'*[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[;,\t"\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function withoutGuard(cell: string): string {
  return /^'+[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell;
}
