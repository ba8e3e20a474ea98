import type { Lengths } from '../../../contract/lengths.ts';
import type { ListSlot } from '../../../contract/list.ts';
import type { MessagePlan } from './message-plan.ts';
import { cellsOf, sendableRows, type RowsKey } from './sendable-rows.ts';

/** All that the worker needs to know. Each list's SQL gives a row's number, how many rows are like it, and its values. */
export interface CountJob {
  plan: MessagePlan;
  lists: { slot: ListSlot; sql: string }[];
}

export type ToWorker = { kind: 'count'; id: number; job: CountJob } | { kind: 'stop'; id: number };

export type FromWorker =
  { kind: 'counted'; id: number; lengths: Lengths } | { kind: 'failed'; id: number; message: string };

/** A text without variables is the same for every row, so that the rows need only be counted. */
export function countJob(key: RowsKey, plan: MessagePlan): CountJob {
  const lists = key.lists.map((list) => {
    const cells = cellsOf(plan, list);
    const rows = sendableRows(key, list);
    const sql =
      cells.length === 0
        ? `select min(c.row_no), count(*) from ${rows} having count(*) > 0`
        : `select c.row_no, 1, ${cells.join(', ')} from ${rows}`;
    return { slot: list.slot, sql };
  });
  return { plan, lists };
}
