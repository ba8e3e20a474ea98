import { parse } from 'csv-parse/sync';
import type { Separator } from '../../../../contract/list.ts';
import { cutIntoSlices } from './quotes.ts';

const QUOTE = 34;

export interface NumberedRecord {
  /** As a spreadsheet numbers it: from 1, the header and empty rows count. */
  row: number;
  cells: string[];
}

/** The records that have anything in them, with their numbers, a slice at a time. */
export function* readNumbered(text: Buffer, separator: Separator): Generator<NumberedRecord[]> {
  let row = 0;
  for (const records of readRecords(text, separator)) {
    const filled: NumberedRecord[] = [];
    for (const cells of records) {
      row += 1;
      if (!cells.every(isBlank)) filled.push({ row, cells });
    }
    yield filled;
  }
}

/** Nothing, or spaces alone. */
export function isBlank(cell: string): boolean {
  return cell === '' || (mayBeSpace(cell.charCodeAt(0)) && cell.trim() === '');
}

/** False for all of ASCII and Cyrillic that can be seen, which most cells begin with. */
function mayBeSpace(code: number): boolean {
  return code <= 32 || code === 160 || code >= 0x1680;
}

/**
 * The records of a text (UTF-8), a slice at a time, empty ones included so that rows can be numbered as a
 * spreadsheet numbers them.
 */
export function* readRecords(text: Buffer, separator: Separator): Generator<string[][]> {
  for (const { bytes, plain } of cutIntoSlices(text, separator)) {
    const split = plain || !bytes.includes(QUOTE);
    yield split
      ? splitPlain(bytes.toString(), separator)
      : withoutStacks(() => parseQuoted(bytes, separator));
  }
}

/** Exported for the test that `splitPlain` agrees with it where there is no quote. */
export function parseQuoted(bytes: Buffer, separator: Separator): string[][] {
  return parse(bytes, {
    delimiter: separator,
    quote: '"',
    relax_quotes: true,
    relax_column_count: true,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
}

/** What the parser makes of a text in which quotes are nothing special, at a third of its time: most files are such. */
export function splitPlain(text: string, separator: Separator): string[][] {
  const ended = text.includes('\r') ? text.replaceAll('\r\n', '\n').replaceAll('\r', '\n') : text;
  if (ended === '') return [];
  const lines = (ended.endsWith('\n') ? ended.slice(0, -1) : ended).split('\n');
  return lines.map((line) => line.split(separator));
}

/** The parser makes an Error for every row shorter or longer than the first; its stack would cost more than the parsing. */
function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}
