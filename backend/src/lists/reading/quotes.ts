/** A run of whole lines; in `plain` ones quotes are ordinary characters. */
export interface Slice {
  bytes: Buffer;
  plain: boolean;
}

const QUOTE = 34;
const LF = 10;
const CR = 13;

const SLICE_BYTES = 256 * 1024;
/** A quoted cell longer than this is a quote that nobody closed. Too small: long comments fall apart into rows that are refused and seen. Too large: an open quote swallows contacts unseen. */
const MAX_CELL_LINES = 50;
const MAX_CELL_BYTES = 64 * 1024;
/** A file with so many of them does not quote at all. */
const MAX_STRAY_QUOTES = 1000;

/**
 * Cuts a text into slices for the parser, never inside a quoted cell, so that memory stays flat and a stray quote
 * spoils its own line only: a quote is stray when its cell has line breaks in it and ends other than before a
 * separator or line end, or does not end within 50 lines or 64 KB.
 */
export function* cutIntoSlices(text: Buffer, separator: string): Generator<Slice> {
  const comma = separator.charCodeAt(0);
  let start = 0;
  let at = 0;
  let stray = 0;
  while (start < text.length) {
    const quote = stray < MAX_STRAY_QUOTES ? nextOpening(text, at, comma) : -1;
    const reach = quote < 0 ? text.length : quote;
    while (reach - start > SLICE_BYTES) {
      const cut = lineStart(text, start + SLICE_BYTES, start);
      if (cut <= Math.max(start, at - 1)) break;
      yield { bytes: text.subarray(start, cut), plain: stray >= MAX_STRAY_QUOTES };
      start = cut;
    }
    if (quote < 0) {
      yield { bytes: text.subarray(start), plain: stray >= MAX_STRAY_QUOTES };
      return;
    }
    const end = endOfQuoted(text, quote, comma);
    if (end > 0) {
      at = end;
      if (at >= text.length) {
        yield { bytes: text.subarray(start), plain: false };
        return;
      }
      continue;
    }
    stray += 1;
    const line = Math.max(start, lineStart(text, quote, start));
    const next = lineEnd(text, quote);
    if (line > start) yield { bytes: text.subarray(start, line), plain: false };
    yield { bytes: text.subarray(line, next), plain: true };
    start = at = next;
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
  const last = Math.min(text.length, opening + MAX_CELL_BYTES);
  for (let at = opening + 1; at < last; at++) {
    const byte = text[at];
    if (byte === LF || (byte === CR && text[at + 1] !== LF)) {
      lines += 1;
      if (lines > MAX_CELL_LINES) return 0;
    } else if (byte === QUOTE) {
      const next = text[at + 1];
      if (next === QUOTE && at > opening) at += 1;
      else if (next === undefined || next === comma || next === LF || next === CR) return at + 1;
      else return lines > 0 ? 0 : at + 1;
    }
  }
  return 0;
}

/** Beginning of the line that `at` stands in. */
function lineStart(text: Buffer, at: number, least: number): number {
  let start = at;
  while (start > least && !(text[start - 1] === LF || (text[start - 1] === CR && text[start] !== LF))) start -= 1;
  return start;
}

/** Beginning of the next line. */
function lineEnd(text: Buffer, at: number): number {
  let end = at;
  while (end < text.length && text[end] !== LF && text[end] !== CR) end += 1;
  if (text[end] === CR && text[end + 1] === LF) end += 1;
  return Math.min(end + 1, text.length);
}
