import { parse } from 'csv-parse/sync';
import { cutIntoSlices } from './quotes.ts';
import type { Separator } from './separator.ts';

/**
 * The records of a text (UTF-8), a slice at a time, empty ones included so that rows can be numbered as a
 * spreadsheet numbers them.
 */
export function* readRecords(text: Buffer, separator: Separator): Generator<string[][]> {
  for (const { bytes, plain } of cutIntoSlices(text, separator)) {
    yield withoutStacks(() =>
      parse(bytes, {
        delimiter: separator,
        quote: plain ? null : '"',
        relax_quotes: true,
        relax_column_count: true,
        record_delimiter: ['\r\n', '\n', '\r'],
      }),
    );
  }
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
