import type { Binding } from '../../../contract/campaign.ts';
import type { Template, TemplateVariable } from '../../../contract/channel.ts';
import { columnKey } from '../../../contract/sms-text.ts';

type Bindings = Readonly<Record<string, Binding>>;

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
}

/** A part of the template as a customer will read it, with what stands for each variable marked. */
export function templatePieces(text: string, part: string, bindings: Bindings): Piece[] {
  const pieces: Piece[] = [];
  let end = 0;
  for (const match of text.matchAll(/\{\{\s*([\w.]+)\s*\}\}/g)) {
    if (match.index > end) pieces.push({ text: text.slice(end, match.index), variable: false });
    const binding = bindings[`${part}.${match[1]}`];
    const shown =
      binding?.kind === 'text' ? binding.text : binding?.kind === 'column' ? `‹${binding.column}›` : match[0];
    pieces.push({ text: shown === '' ? match[0] : shown, variable: true });
    end = match.index + match[0].length;
  }
  if (end < text.length) pieces.push({ text: text.slice(end), variable: false });
  return pieces;
}
