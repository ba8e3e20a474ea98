import type { Separator } from '../../../../contract/list.ts';

/** In order of preference where several fit equally. */
const CANDIDATES: readonly Separator[] = [';', '\t', ','];

const SAMPLE_BYTES = 64 * 1024;
const SAMPLE_LINES = 50;

export interface FoundSeparator {
  separator: Separator;
  /** Bytes of a `sep=` line, to be skipped; spreadsheets do not count it as a row. */
  skip: number;
}

/**
 * Finds how the cells of a text (UTF-8) are separated. A `sep=` line decides; else the candidate that stands,
 * outside quotes, in the most lines. One column without separators is read as `;`.
 * @param chosen the separator when a person has said it; a `sep=` line is skipped all the same
 */
export function findSeparator(text: Buffer, chosen?: Separator): FoundSeparator {
  const sample = text.toString('utf8', 0, SAMPLE_BYTES);
  const said = /^"?sep=(.)"?(?:\r\n|\n|\r|$)/i.exec(sample);
  const skip = said ? Buffer.byteLength(said[0]) : 0;
  const named = CANDIDATES.find((each) => each === said?.[1]);
  return { separator: chosen ?? named ?? judge(sample.slice(said?.[0].length ?? 0)), skip };
}

function judge(sample: string): Separator {
  const lines = unquotedLines(sample);
  let best: Separator = ';';
  let most = 0;
  for (const candidate of CANDIDATES) {
    const having = lines.filter((line) => line.includes(candidate));
    // A comma that the header lacks, or that only groups or ends a number, belongs to the cells.
    if (candidate === ',' && (!lines[0]?.includes(',') || having.every(isOneNumber))) continue;
    if (having.length * 2 >= lines.length && having.length > most) {
      best = candidate;
      most = having.length;
    }
  }
  return best;
}

/** `79123456789,00`, `79,123,456,789`, `7,91235E+10`: as Excel writes one number. */
function isOneNumber(line: string): boolean {
  return /^[\s'="]*\+?(?:\d+,\d{1,2}|\d{1,3}(?:,\d{3})+|\d,\d+E\+\d+)[\s"]*$/i.test(line);
}

/** The first lines that have anything in them, without what stands in quotes. */
function unquotedLines(sample: string): string[] {
  const lines: string[] = [];
  let line = '';
  let quoted = false;
  for (const character of sample) {
    if (character === '"') quoted = !quoted;
    else if (character === '\n' || character === '\r') {
      // A quote open at the end of its line is more often a stray one than a cell of several lines.
      quoted = false;
      if (line.trim() !== '' || line.includes('\t')) lines.push(line);
      line = '';
      if (lines.length === SAMPLE_LINES) return lines;
    } else if (!quoted) line += character;
  }
  if (line !== '') lines.push(line);
  return lines;
}
