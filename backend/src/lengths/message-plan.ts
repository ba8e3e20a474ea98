import type { Binding } from '../../../contract/campaign.ts';
import type { Method } from '../../../contract/channel.ts';
import { columnKey, parseText } from '../../../contract/sms-text.ts';

export type PlanPiece = { text: string } | { column: number; fallback: string };

/** A message taken apart once for all rows. Plain data: it is posted to the worker. */
export interface MessagePlan {
  method: Method;
  /** Keys of the distinct columns whose cells it needs; a row's values come in this order. */
  columns: string[];
  /** The text of an SMS. */
  pieces: PlanPiece[];
  /** What may be empty. `column` is an index into `columns`. */
  variables: { name: string; column: number; fallback: boolean }[];
}

export function smsPlan(text: string): MessagePlan {
  const plan: MessagePlan = { method: 'sms', columns: [], pieces: [], variables: [] };
  for (const piece of parseText(text)) {
    if (piece.kind === 'text') plan.pieces.push({ text: piece.text });
    else {
      const column = columnOf(plan, piece.column);
      const fallback = piece.fallback !== null;
      plan.pieces.push({ column, fallback: piece.fallback ?? '' });
      const isKnown = plan.variables.some((each) => each.column === column && each.fallback === fallback);
      if (!isKnown) plan.variables.push({ name: piece.column, column, fallback });
    }
  }
  return plan;
}

/** @param keys the template's variables; one that is not bound yet, or to a fixed text, is no matter of rows */
export function templatePlan(
  bindings: Readonly<Record<string, Binding>>,
  keys: readonly string[] = Object.keys(bindings),
): MessagePlan {
  const plan: MessagePlan = { method: 'waba', columns: [], pieces: [], variables: [] };
  for (const name of keys) {
    const binding = bindings[name];
    if (binding?.kind !== 'column') continue;
    const fallback = binding.fallback.trim() !== '';
    plan.variables.push({ name, column: columnOf(plan, binding.column), fallback });
  }
  return plan;
}

function columnOf(plan: MessagePlan, name: string): number {
  const key = columnKey(name);
  const at = plan.columns.indexOf(key);
  return at === -1 ? plan.columns.push(key) - 1 : at;
}

/** Where a list has the plan's columns, counted from 0; null where it has none of that name. Of equal names the first counts. */
export function placesIn(columns: readonly string[], plan: MessagePlan): (number | null)[] {
  const keys = columns.map(columnKey);
  return plan.columns.map((key) => {
    const at = keys.indexOf(key);
    return at === -1 ? null : at;
  });
}
