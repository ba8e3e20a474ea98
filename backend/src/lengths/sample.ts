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
  for (const { list, rows } of spreadOver(key, SAMPLE_ROWS)) {
    for (const { row_no, cells } of await sampleOf(manager, key, plan, list, rows)) {
      tally.add(list.slot, row_no, cells);
    }
  }
  return scaledTo(expectedTotal(key), tally.result());
}

/** About `size` rows of all files that have any to send, by their numbers, each file with its part. */
export function spreadOver(key: RowsKey, size: number): { list: ListRow; rows: number[] }[] {
  const total = Math.max(expectedTotal(key), 1);
  return key.lists.flatMap((list) => {
    const share = Math.ceil((size * expectedRows(key, list)) / total);
    return share === 0 ? [] : [{ list, rows: spread(share, list.rows) }];
  });
}

/** About how many rows Start would queue. */
export function expectedTotal(key: RowsKey): number {
  return key.lists.reduce((sum, list) => sum + expectedRows(key, list), 0);
}

async function sampleOf(
  manager: EntityManager,
  key: RowsKey,
  plan: MessagePlan,
  list: ListRow,
  rows: readonly number[],
): Promise<{ row_no: number; cells: string[] }[]> {
  const cells = cellsOf(plan, list).map((cell) => `coalesce(${cell}, '')`);
  return rowsOf(
    manager,
    `select c.row_no, array[${cells.join(', ')}]::text[] as cells
       from ${sampledRows(key, list, rows)} order by c.row_no`,
  );
}

/** Numbers of rows, spread evenly over a file; the first row may be its header. */
function spread(size: number, rows: number): number[] {
  const step = Math.max(1, rows / size);
  const numbers: number[] = [];
  for (let at = 1; at <= rows + 1; at += step) numbers.push(Math.floor(at));
  return numbers;
}
