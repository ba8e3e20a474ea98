/** The cells of a file's row, as a message asks for them. */
import type { Binding } from './campaign.ts';
import { columnKey } from './sms-text.ts';

export type CellOf = (column: string) => string | undefined;

/**
 * Finds a row's cell by the column's name; of equal names the first column counts. The names a message asks for are
 * few and are the same for every row, so where each stands is kept.
 */
export function cellFinder(columns: readonly string[]): (cells: readonly string[]) => CellOf {
  const places = new Map<string, number>();
  columns.forEach((name, at) => {
    if (!places.has(columnKey(name))) places.set(columnKey(name), at);
  });
  const asked = new Map<string, number>();
  const placeOf = (column: string): number => {
    const at = places.get(columnKey(column)) ?? -1;
    asked.set(column, at);
    return at;
  };
  return (cells) => (column) => cells[asked.get(column) ?? placeOf(column)];
}

/** What fills a variable of a template; empty where nothing does. */
export function boundValue(binding: Binding | undefined, cell: CellOf): string {
  if (!binding) return '';
  if (binding.kind === 'text') return binding.text;
  // WhatsApp refuses line breaks, tabs and more than four spaces in a row inside a variable.
  const value = (cell(binding.column) ?? '').trim().replace(/\s+/g, ' ');
  return value === '' ? binding.fallback.trim() : value;
}
