import { columnKey, parseText } from '../../../contract/sms-text.ts';

export interface MarkedPiece {
  text: string;
  /** `forcing`: this character makes the whole text go in UCS-2. `unknown`: no file has such a column. */
  mark: 'variable' | 'unknown' | 'forcing' | null;
}

const VARIABLE = /(\{\{[^{}|]+(?:\|[^{}]*)?\}\})/;

/**
 * An SMS text in pieces that, put together, are the text again.
 *
 * @param columns of the loaded files; where there are none, every variable may come yet
 * @param forcing characters to mark
 */
export function marksOf(text: string, columns: readonly string[], forcing: readonly string[]): MarkedPiece[] {
  const known = new Set(columns.map(columnKey));
  const marked = new Set(forcing);
  const pieces: MarkedPiece[] = [];
  for (const part of text.split(VARIABLE)) {
    const [piece] = parseText(part);
    if (piece?.kind === 'variable') {
      const isKnown = known.size === 0 || known.has(columnKey(piece.column));
      pieces.push({ text: part, mark: isKnown ? 'variable' : 'unknown' });
    } else pieces.push(...forcingIn(part, marked));
  }
  return pieces;
}

function forcingIn(text: string, marked: ReadonlySet<string>): MarkedPiece[] {
  const pieces: MarkedPiece[] = [];
  for (const character of text) {
    const mark = marked.has(character) ? 'forcing' : null;
    const last = pieces.at(-1);
    if (last && last.mark === mark) last.text += character;
    else pieces.push({ text: character, mark });
  }
  return pieces;
}
