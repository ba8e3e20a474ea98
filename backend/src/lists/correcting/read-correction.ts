import {
  ENCODINGS,
  SEPARATORS,
  type Encoding,
  type Refusal,
  type Repair,
  type Separator,
} from '../../../../contract/list.ts';
import { columnKey } from '../../../../contract/sms-text.ts';
import { readText } from '../reading/encoding.ts';
import { ListProblem } from '../reading/list-problem.ts';
import { normalisePhone } from '../reading/phone.ts';
import { CELL_LENGTH, cut, type ReadOptions } from '../reading/read-list.ts';
import { readNumbered } from '../reading/records.ts';
import { findSeparator } from '../reading/separator.ts';
import { isRowColumn, withoutGuard } from './correction-file.ts';

/** The list that is corrected. */
export interface CorrectedList {
  /** The name of the column with the row numbers. */
  rowColumn: string;
  columns: readonly string[];
  /** Index into `columns`. */
  phoneColumn: number;
}

export interface CorrectedRow {
  /** Of the list; null where the cell holds no number. */
  row: number | null;
  /** E.164; null when refused. */
  phone: string | null;
  refusal: Refusal | null;
  /** What was undone to read the number. */
  repairs: readonly Repair[];
  /** One for each column of the list; null where the file no longer has it. */
  cells: (string | null)[];
}

/**
 * Reads a correction file, whatever a spreadsheet has made of its encoding, its separator and the order of its
 * columns: it is read in the way in which its first row has the row column.
 * @returns how many rows it has
 * @throws ListProblem file_empty, file_not_csv, correction_row_missing, correction_phone_missing,
 *   correction_of_other_list
 */
export function readCorrection(
  bytes: Uint8Array,
  list: CorrectedList,
  method: ReadOptions['method'],
  emit: (rows: CorrectedRow[]) => void,
): number {
  const { text, separator, header } = findReading(bytes, list.rowColumn);
  const rowAt = header.lastIndexOf(list.rowColumn);
  const places = placesOf(list, header.slice(0, rowAt).concat('', header.slice(rowAt + 1)));
  let rows = -1;
  for (const records of readNumbered(text, separator)) {
    const body = rows < 0 ? records.slice(1) : records;
    rows += records.length;
    emit(body.map(({ cells }) => correctedRow(cells, rowAt, places, list.phoneColumn, method)));
  }
  return rows;
}

interface FoundReading {
  text: Buffer;
  separator: Separator;
  header: string[];
}

function findReading(bytes: Uint8Array, rowColumn: string): FoundReading {
  let ofOther = false;
  for (const { text, separator } of readings(bytes)) {
    const header = firstRow(text, separator);
    if (header.includes(rowColumn)) return { text, separator, header };
    ofOther ||= header.some(isRowColumn);
  }
  if (ofOther) throw new ListProblem('correction_of_other_list');
  throw new ListProblem('correction_row_missing', { column: rowColumn });
}

/** Every way of reading the file, the likeliest first. */
function* readings(bytes: Uint8Array): Generator<{ text: Buffer; separator: Separator }> {
  const tried = new Set<Encoding>();
  for (const chosen of [undefined, ...ENCODINGS]) {
    const read = textIn(bytes, chosen);
    if (!read || tried.has(read.encoding)) continue;
    tried.add(read.encoding);
    const { separator, skip } = findSeparator(read.text);
    const text = read.text.subarray(skip);
    for (const each of new Set([separator, ...SEPARATORS])) yield { text, separator: each };
  }
}

/** Null when the file is not written in this encoding. */
function textIn(bytes: Uint8Array, chosen: Encoding | undefined): ReturnType<typeof readText> | null {
  try {
    return readText(bytes, chosen);
  } catch (error) {
    const isDamaged = error instanceof ListProblem && error.code === 'file_unreadable';
    // What is no text at all was said at the first try; a wrong encoding may make it look so.
    if (isDamaged || chosen !== undefined) return null;
    throw error;
  }
}

function firstRow(text: Buffer, separator: Separator): string[] {
  for (const [first] of readNumbered(text, separator)) {
    if (first) return first.cells.map((cell) => withoutGuard(cell).trim());
  }
  throw new ListProblem('file_empty');
}

function placesOf({ columns, phoneColumn }: CorrectedList, header: readonly string[]): (number | null)[] {
  const keys = header.map(columnKey);
  const places = columns.map((name) => {
    const at = keys.indexOf(columnKey(name));
    return at === -1 ? null : at;
  });
  if ((places[phoneColumn] ?? null) === null) {
    throw new ListProblem('correction_phone_missing', { column: columns[phoneColumn]! });
  }
  return places;
}

function correctedRow(
  raw: readonly string[],
  rowAt: number,
  places: readonly (number | null)[],
  phoneColumn: number,
  method: ReadOptions['method'],
): CorrectedRow {
  const row = /^\s*(\d{1,9})\s*$/.exec(raw[rowAt] ?? '')?.[1];
  const whole = places.map((place) => (place === null ? null : withoutGuard(raw[place] ?? '')));
  const cells = whole.map((cell) => cell && cut(cell, CELL_LENGTH));
  const found = normalisePhone(whole[phoneColumn] ?? '');
  const isLandline = found.ok && found.kind === 'landline' && method === 'sms';
  return {
    row: row === undefined ? null : Number(row),
    phone: found.ok && !isLandline ? found.e164 : null,
    refusal: isLandline ? 'landline' : found.ok ? null : found.reason,
    repairs: found.ok && !isLandline ? found.repairs : [],
    cells,
  };
}
