import type { Binding } from '../../../contract/campaign.ts';
import { boundValue, type CellOf } from '../../../contract/cells.ts';
import type { Template, TemplateVariable } from '../../../contract/channel.ts';
import { columnKey } from '../../../contract/sms-text.ts';
import { styledRuns, type Style, type Styled } from './whatsapp-format.ts';

type Bindings = Readonly<Record<string, Binding>>;

const NO_CELLS: CellOf = () => undefined;

/** Binds each free variable to the column of its name, if there is one; null when there is nothing to add. */
export function suggestBindings(
  template: Template,
  bindings: Bindings,
  columns: readonly string[],
): Record<string, Binding> | null {
  const added: Record<string, Binding> = {};
  for (const variable of template.variables) {
    if (bindings[variable.key]) continue;
    const column = columns.find((name) => columnKey(name) === columnKey(variable.name));
    if (column !== undefined) added[variable.key] = { kind: 'column', column, fallback: '' };
  }
  return Object.keys(added).length > 0 ? { ...bindings, ...added } : null;
}

/** The columns to offer: those of the files, the one already bound, and the one the template file would have. */
export function columnChoices(
  variable: TemplateVariable,
  binding: Binding | undefined,
  columns: readonly string[],
): { column: string; loaded: boolean }[] {
  const choices = columns.map((column) => ({ column, loaded: true }));
  const bound = binding?.kind === 'column' ? binding.column : null;
  for (const extra of [bound, columns.length === 0 ? variable.name : null]) {
    if (extra !== null && !choices.some((choice) => columnKey(choice.column) === columnKey(extra))) {
      choices.push({ column: extra, loaded: false });
    }
  }
  return choices;
}

export interface Piece {
  text: string;
  variable: boolean;
  styles: readonly Style[];
}

/**
 * A part of the template as a customer will read it, with what stands for each variable marked: the cell of a row, or
 * without one the name of its column.
 */
export function templatePieces(text: string, part: string, bindings: Bindings, cell: CellOf | null): Piece[] {
  let filled = '';
  const values: { from: number; to: number }[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{\{\s*([\w.]+)\s*\}\}/g)) {
    filled += text.slice(end, match.index);
    const from = filled.length;
    filled += shownFor(bindings[`${part}.${match[1]}`], cell) || match[0];
    values.push({ from, to: filled.length });
    end = match.index + match[0].length;
  }
  filled += text.slice(end);
  return styledRuns(filled).flatMap((run) => cut(filled, run, values));
}

function shownFor(binding: Binding | undefined, cell: CellOf | null): string {
  const value = cell || binding?.kind === 'text' ? boundValue(binding, cell ?? NO_CELLS) : '';
  return value === '' && binding?.kind === 'column' ? `‹${binding.column}›` : value;
}

/** Columns whose cell leaves a variable of the template empty. */
export function emptyColumns(template: Template, bindings: Bindings, cell: CellOf | null): string[] {
  const empty = template.variables.flatMap(({ key }) => {
    const binding = bindings[key];
    return binding?.kind === 'column' && cell && boundValue(binding, cell) === '' ? [binding.column] : [];
  });
  return [...new Set(empty)];
}

/** A run in pieces that are each a value or not. */
function cut(
  text: string,
  { from, to, styles }: Styled,
  values: readonly { from: number; to: number }[],
): Piece[] {
  const pieces: Piece[] = [];
  let at = from;
  const add = (end: number, variable: boolean) => {
    if (end > at) pieces.push({ text: text.slice(at, end), variable, styles });
    at = Math.max(at, end);
  };
  for (const value of values) {
    if (value.to <= from || value.from >= to) continue;
    add(Math.max(value.from, from), false);
    add(Math.min(value.to, to), true);
  }
  add(to, false);
  return pieces;
}
