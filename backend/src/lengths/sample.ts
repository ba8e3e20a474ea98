import type { EntityManager } from 'typeorm';
import type { Lengths } from '../../../contract/lengths.ts';
import { rowsOf } from '../database/rows.ts';
import type { ListRow } from '../lists/list-rows.ts';
import type { MessagePlan } from './message-plan.ts';
import { cellsOf, expectedRows, sampledRows, type RowsKey } from './sendable-rows.ts';
import { scaledTo, Tally } from './tally.ts';

/** Rows looked at for an estimate: about 2 ms of the main thread. */
const SAMPLE_ROWS = 400;

/** An estimate from rows spread evenly over the files: their beginnings are rarely like the rest of them. */
export async function estimate(manager: EntityManager, key: RowsKey, plan: MessagePlan): Promise<Lengths> {
  const tally = new Tally(plan);
  const expected = key.lists.map((list) => expectedRows(key, list));
  const total = expected.reduce((sum, rows) => sum + rows, 0);
  for (const [i, list] of key.lists.entries()) {
    const share = Math.ceil((SAMPLE_ROWS * expected[i]!) / Math.max(total, 1));
    for (const { row_no, cells } of await sampleOf(manager, key, plan, list, share)) {
      tally.add(list.slot, row_no, cells);
    }
  }
  return scaledTo(total, tally.result());
}

async function sampleOf(
  manager: EntityManager,
  key: RowsKey,
  plan: MessagePlan,
  list: ListRow,
  size: number,
): Promise<{ row_no: number; cells: string[] }[]> {
  if (size === 0) return [];
  const cells = cellsOf(plan, list).map((cell) => `coalesce(${cell}, '')`);
  return rowsOf(
    manager,
    `select c.row_no, array[${cells.join(', ')}]::text[] as cells
       from ${sampledRows(key, list, spread(size, list.rows))} order by c.row_no`,
  );
}

/** Numbers of rows, spread evenly over a file; the first row may be its header. */
function spread(size: number, rows: number): number[] {
  const step = Math.max(1, rows / size);
  const numbers: number[] = [];
  for (let at = 1; at <= rows + 1; at += step) numbers.push(Math.floor(at));
  return numbers;
}
