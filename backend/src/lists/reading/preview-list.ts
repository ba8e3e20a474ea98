import type { ListPreview, ReadingOptions } from '../../../../contract/list.ts';
import { findColumns } from './columns.ts';
import { readText } from './encoding.ts';
import { ListProblem } from './list-problem.ts';
import { cut, SAMPLE_ROWS } from './read-list.ts';
import { readNumbered, type NumberedRecord } from './records.ts';
import { findSeparator } from './separator.ts';

/** Bytes of a file that a preview is made of: what the encoding and the separator are told from. */
export const PREVIEW_BYTES = 64 * 1024;

const ROWS_SHOWN = 20;
const CELL_LENGTH = 100;

/**
 * The first rows of a file as `readList` would read them with the same options, and what it would take for granted.
 * @param bytes the file, or its beginning, which may end anywhere
 * @throws ListProblem file_empty, file_not_csv, file_unreadable
 */
export function previewList(bytes: Uint8Array, isWhole: boolean, options: ReadingOptions): ListPreview {
  const { text, encoding } = readText(isWhole ? bytes : wholeLines(bytes), options.encoding);
  const { separator, skip } = findSeparator(text, options.separator);
  const records = firstRecords(text.subarray(skip), separator);
  if (records.length === 0) throw new ListProblem('file_empty');
  const { names, phone, header } = findColumns(
    records.map(({ cells }) => cells),
    options,
  );
  return {
    reading: { encoding, separator, header, phoneColumn: phone },
    columns: names,
    rows: records.slice(0, ROWS_SHOWN).map(({ row, cells }) => ({
      row,
      cells: names.map((_, at) => cut(cells[at] ?? '', CELL_LENGTH)),
    })),
  };
}

function firstRecords(text: Buffer, separator: ListPreview['reading']['separator']): NumberedRecord[] {
  const first: NumberedRecord[] = [];
  for (const records of readNumbered(text, separator)) {
    first.push(...records.slice(0, SAMPLE_ROWS - first.length));
    if (first.length === SAMPLE_ROWS) break;
  }
  return first;
}

const LF = 10;
const CR = 13;

/** Without the last line, which may go on; where there is but one, without its last letter. */
function wholeLines(bytes: Uint8Array): Uint8Array {
  const end = Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR)) + 1;
  if (end === 0) return bytes.subarray(0, endOfLetters(bytes));
  // In little-endian UTF-16 a line end is followed by its zero.
  return bytes.subarray(0, bytes[end] === 0 && end % 2 === 1 ? end + 1 : end);
}

/** Before the last letter of UTF-8, which may go on; a letter less of another encoding is no loss. */
function endOfLetters(bytes: Uint8Array): number {
  let at = bytes.length - 1;
  while (at > bytes.length - 4 && (bytes[at]! & 0xc0) === 0x80) at -= 1;
  return bytes[at]! >= 0xc0 ? at : bytes.length;
}
