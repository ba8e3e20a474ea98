import type { ListSummary, ReadingOptions, Refusal, Repair } from '../../../../contract/list.ts';
import { findColumns, type Columns } from './columns.ts';
import { readText } from './encoding.ts';
import { ListProblem } from './list-problem.ts';
import { normalisePhone } from './phone.ts';
import { PhoneSet } from './phone-set.ts';
import { isBlank, readNumbered, type NumberedRecord } from './records.ts';
import { findSeparator } from './separator.ts';

export interface ReadRow {
  /** As a spreadsheet numbers it: from 1, the header and empty rows count. */
  row: number;
  /** One for each column; at most 10,000 characters each. */
  cells: string[];
  /** E.164; null when refused. */
  phone: string | null;
  refusal: Refusal | null;
  /** A later occurrence of a number within this file. */
  repeated: boolean;
}

/** What reading a file tells of it. */
export type ListFacts = Pick<
  ListSummary,
  | 'encoding'
  | 'separator'
  | 'header'
  | 'columns'
  | 'emptyCells'
  | 'phoneColumn'
  | 'rows'
  | 'contacts'
  | 'duplicates'
  | 'refused'
  | 'refusedBy'
  | 'repairedBy'
  | 'refusedRows'
>;

export interface ReadOptions {
  /** SMS refuses landlines; WhatsApp can live on one. */
  method: 'waba' | 'sms';
  /** What a person has said of the file; the rest is told from it. */
  reading?: ReadingOptions;
}

/** Rows that the columns are told from. */
export const SAMPLE_ROWS = 200;
/** Of a row with nothing in it but a number: there are hardly more rows than bytes divided by this. */
const ROW_BYTES = 12;
export const REFUSED_SHOWN = 20;
export const ORIGINAL_LENGTH = 100;
/** Of a cell as it is kept. */
export const CELL_LENGTH = 10_000;
/** A wide header over narrow rows must not blow ten megabytes up to gigabytes. */
const MAX_COLUMNS = 1000;
const MAX_PADDING = 20_000_000;

/**
 * Reads a file from its bytes to rows, in one pass; rows are emitted in batches as they are read, and the sum
 * rows = contacts + duplicates + refused holds for what is returned.
 * @throws ListProblem file_empty, file_not_csv, file_unreadable, phone_column_missing, phone_column_unknown;
 *   no_valid_rows after the last batch
 */
export function readList(
  bytes: Uint8Array,
  options: ReadOptions,
  emit: (rows: ReadRow[]) => void,
): ListFacts {
  const reading = options.reading ?? {};
  const { text, encoding } = readText(bytes, reading.encoding);
  const { separator, skip } = findSeparator(text, reading.separator);
  const reader = new RowReader(options.method, reading, Math.ceil(text.length / ROW_BYTES));
  let waiting: NumberedRecord[] = [];
  for (const records of readNumbered(text.subarray(skip), separator)) {
    waiting = waiting.length === 0 ? records : [...waiting, ...records];
    // The columns are decided once there are enough rows to judge by.
    if (!reader.isReady && waiting.length < SAMPLE_ROWS) continue;
    emit(reader.read(waiting));
    waiting = [];
  }
  if (waiting.length > 0) emit(reader.read(waiting));
  return { encoding, separator, ...reader.facts() };
}

/** Turns records into rows, and counts. */
class RowReader {
  private columns: (Columns & { phone: number }) | null = null;
  private readonly seen: PhoneSet;
  private padding = 0;
  private rows = 0;
  private duplicates = 0;
  private readonly refusedBy: Partial<Record<Refusal, number>> = {};
  private refused = 0;
  private readonly refusedRows: ListFacts['refusedRows'] = [];
  private readonly repairedBy: Partial<Record<Repair, number>> = {};
  private emptyCells: number[] = [];
  private readonly method: ReadOptions['method'];
  private readonly reading: ReadingOptions;

  constructor(method: ReadOptions['method'], reading: ReadingOptions, expectedRows: number) {
    this.seen = new PhoneSet(expectedRows);
    this.method = method;
    this.reading = reading;
  }

  get isReady(): boolean {
    return this.columns !== null;
  }

  read(records: readonly NumberedRecord[]): ReadRow[] {
    let body = records;
    if (!this.columns) {
      this.columns = requireColumns(records, this.reading);
      this.emptyCells = this.columns.names.map(() => 0);
      if (this.columns.header) body = records.slice(1);
    }
    const { phone, names } = this.columns;
    return body.map((record) => this.readRow(record, phone, names.length));
  }

  private readRow({ row, cells: raw }: NumberedRecord, phoneColumn: number, width: number): ReadRow {
    // The cell as it was: taking off an apostrophe is a repair, too.
    const found = normalisePhone(raw[phoneColumn] ?? '');
    const cells = this.fit(raw, width, row);
    this.rows += 1;
    if (found.ok && !(found.kind === 'landline' && this.method === 'sms')) {
      for (const repair of found.repairs) this.repairedBy[repair] = (this.repairedBy[repair] ?? 0) + 1;
      const repeated = !this.seen.add(found.e164);
      if (repeated) this.duplicates += 1;
      return { row, cells, phone: found.e164, refusal: null, repeated };
    }
    const reason = found.ok ? 'landline' : found.reason;
    this.refused += 1;
    this.refusedBy[reason] = (this.refusedBy[reason] ?? 0) + 1;
    if (this.refusedRows.length < REFUSED_SHOWN) {
      this.refusedRows.push({ row, original: cut(cells[phoneColumn]!, ORIGINAL_LENGTH), reason });
    }
    return { row, cells, phone: null, refusal: reason, repeated: false };
  }

  /** As many cells as there are columns, without the apostrophe that our own exports put before `+`, `=`, `-` and `@`. */
  private fit(raw: string[], width: number, row: number): string[] {
    const cells = raw.length > width ? raw.slice(0, width) : raw;
    for (let at = 0; at < cells.length; at++) {
      const cell = cells[at]!;
      if (cell.length > CELL_LENGTH) cells[at] = cut(cell, CELL_LENGTH);
      else if (isBlank(cell)) this.emptyCells[at]! += 1;
      else if (cell.charCodeAt(0) === 39 && /^'[=+\-@\t\r]/.test(cell)) cells[at] = cell.slice(1);
    }
    this.padding += width - cells.length;
    if (this.padding > MAX_PADDING) throw new ListProblem('file_unreadable', { row });
    while (cells.length < width) this.emptyCells[cells.push('') - 1]! += 1;
    return cells;
  }

  facts(): Omit<ListFacts, 'encoding' | 'separator'> {
    const { columns, rows, duplicates, refused, refusedBy, repairedBy, refusedRows, emptyCells } = this;
    const contacts = this.seen.size;
    if (!columns || rows === 0) throw new ListProblem('file_empty');
    if (contacts === 0) throw new ListProblem('no_valid_rows', { rows });
    return {
      header: columns.header,
      columns: columns.names,
      emptyCells,
      phoneColumn: columns.phone,
      rows,
      contacts,
      duplicates,
      refused,
      refusedBy,
      repairedBy,
      refusedRows,
    };
  }
}

function requireColumns(
  records: readonly NumberedRecord[],
  reading: ReadingOptions,
): Columns & { phone: number } {
  const sample = records.slice(0, SAMPLE_ROWS).map(({ cells }) => cells);
  const { names, phone, header } = findColumns(sample, reading);
  if (phone === null) throw missingPhones(reading);
  if (names.length > MAX_COLUMNS) throw new ListProblem('file_unreadable', { row: records[0]!.row });
  return { names, phone, header };
}

function missingPhones({ phoneColumn }: ReadingOptions): ListProblem {
  if (phoneColumn === undefined) return new ListProblem('phone_column_missing');
  return new ListProblem('phone_column_unknown', { column: phoneColumn + 1 });
}

/** Never in the middle of a surrogate pair. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const isPair = /[\uD800-\uDBFF]/.test(text[length - 1]!);
  return text.slice(0, isPair ? length - 1 : length);
}
