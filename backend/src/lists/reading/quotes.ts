/** A run of whole lines; in `plain` ones quotes are ordinary characters. */
export interface Slice {
  bytes: Buffer;
  plain: boolean;
}

const QUOTE = 34;
const LF = 10;
const CR = 13;

/** Some thousand rows. Eight times as much costs a fifth more time: the rows outlive the young generation. */
const SLICE_BYTES = 32 * 1024;
/**
 * A quoted cell of several lines that is longer than this is a quote that nobody closed. Too small: long comments fall
 * apart into rows that are refused and seen. Too large: an open quote swallows contacts unseen.
 */
const MAX_CELL_LINES = 50;
const MAX_CELL_BYTES = 64 * 1024;
/** A file with so many of them does not quote at all. */
const MAX_STRAY_QUOTES = 1000;

/**
 * Cuts a text into slices for the parser, never inside a quoted cell, so that memory stays flat and a stray quote
 * spoils its own row only: a quote is stray when its cell has line breaks in it and ends other than before a
 * separator or line end, or does not end within 50 lines or 64 KB. Within one line a cell may have any length.
 */
export function* cutIntoSlices(text: Buffer, separator: string): Generator<Slice> {
  const comma = separator.charCodeAt(0);
  /** What is yielded lies before it. */
  let start = 0;
  /** Quotes before it are done with; up to the next opening quote nothing is quoted. */
  let at = 0;
  let rowStart = 0;
  let stray = 0;
  while (start < text.length) {
    const plain = stray >= MAX_STRAY_QUOTES;
    const quote = plain ? -1 : nextOpening(text, at, comma);
    const reach = quote < 0 ? text.length : quote;
    for (;;) {
      const cut = nextLine(text, Math.max(start + SLICE_BYTES, at), reach);
      if (cut < 0) break;
      yield { bytes: text.subarray(start, cut), plain };
      start = rowStart = at = cut;
    }
    if (quote < 0) {
      if (start < text.length) yield { bytes: text.subarray(start), plain };
      return;
    }
    rowStart = Math.max(rowStart, lastLine(text, at, quote));
    at = endOfQuoted(text, quote, comma);
    if (at > 0) continue;
    stray += 1;
    if (rowStart > start) yield { bytes: text.subarray(start, rowStart), plain: false };
    const next = nextLine(text, quote, text.length);
    start = at = next < 0 ? text.length : next;
    yield { bytes: text.subarray(rowStart, start), plain: true };
    rowStart = start;
  }
}

/** The next quote at the beginning of a cell, or -1. */
function nextOpening(text: Buffer, from: number, comma: number): number {
  for (let at = text.indexOf(QUOTE, from); at >= 0; at = text.indexOf(QUOTE, at + 1)) {
    const before = text[at - 1];
    if (at === 0 || before === comma || before === LF || before === CR) return at;
  }
  return -1;
}

/** Where to go on after a quoted cell; 0 when its quote is a stray one. */
function endOfQuoted(text: Buffer, opening: number, comma: number): number {
  let lines = 0;
  const last = opening + MAX_CELL_BYTES;
  for (let at = opening + 1; at < text.length; at++) {
    if (lines > 0 && at >= last) return 0;
    const byte = text[at];
    if (byte === LF || (byte === CR && text[at + 1] !== LF)) {
      lines += 1;
      if (lines > MAX_CELL_LINES) return 0;
    } else if (byte === QUOTE) {
      const next = text[at + 1];
      if (next === QUOTE) at += 1;
      else if (next === undefined || next === comma || next === LF || next === CR) return at + 1;
      else return lines > 0 ? 0 : at + 1;
    }
  }
  return 0;
}

/** Where the next line begins after `from`, at `reach` at the latest; -1 when no line ends before that. */
function nextLine(text: Buffer, from: number, reach: number): number {
  for (let at = from; at < reach; at++) {
    if (text[at] === LF || (text[at] === CR && text[at + 1] !== LF)) return at + 1;
  }
  return -1;
}

/** Where the last line begins within [from, to]; -1 when none does. */
function lastLine(text: Buffer, from: number, to: number): number {
  for (let at = to; at > from; at--) {
    if (text[at - 1] === LF || (text[at - 1] === CR && text[at] !== LF)) return at;
  }
  return -1;
}
