/**
 * SMS text with variables: `{{column}}`, or `{{column|fallback}}` for rows whose cell is empty.
 * A column is found by its name, whatever its case, its spaces and the way its letters are composed.
 */
export type TextPiece =
  { kind: 'text'; text: string } | { kind: 'variable'; column: string; fallback: string | null };

const VARIABLE = /\{\{([^{}|]+)(?:\|([^{}]*))?\}\}/g;

export function columnKey(name: string): string {
  return name.normalize('NFC').trim().toLowerCase().replace(/ё/g, 'е').replace(/\s+/g, ' ');
}

export function parseText(text: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let end = 0;
  for (const match of text.matchAll(VARIABLE)) {
    if (match.index > end) pieces.push({ kind: 'text', text: text.slice(end, match.index) });
    pieces.push({ kind: 'variable', column: match[1]!.trim(), fallback: match[2] ?? null });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ kind: 'text', text: text.slice(end) });
  return pieces;
}

/** What looks like a variable that was mistyped, and would be sent as it stands: `{Имя}`, `{{Имя}`, `%Имя%`. */
export function strayBraces(text: string): string[] {
  const plain = parseText(text).map((piece) => (piece.kind === 'text' ? piece.text : ' '));
  return plain.flatMap((piece) => piece.match(/\{+[^{}]*\}*|\}+|%[\p{L}_]+%/gu) ?? []);
}

/** The distinct variables of a text in order of appearance. */
export function textVariables(text: string): string[] {
  const names = new Map<string, string>();
  for (const piece of parseText(text)) {
    if (piece.kind === 'variable' && !names.has(columnKey(piece.column))) {
      names.set(columnKey(piece.column), piece.column);
    }
  }
  return [...names.values()];
}

export interface RenderedText {
  text: string;
  /** Variables whose cell was empty and that had no fallback. */
  empty: string[];
}

/** @param cell gives the row's cell for a column's name, or undefined where the file has no such column */
export function renderText(
  pieces: readonly TextPiece[],
  cell: (column: string) => string | undefined,
): RenderedText {
  const empty: string[] = [];
  let text = '';
  for (const piece of pieces) {
    if (piece.kind === 'text') text += piece.text;
    else {
      const value = cell(piece.column)?.trim() ?? '';
      if (value === '' && piece.fallback === null) empty.push(piece.column);
      text += value === '' ? (piece.fallback ?? '') : value;
    }
  }
  return { text, empty };
}
