import type { ListRow } from '../lists/list-rows.ts';
import { placesIn, type MessagePlan } from './message-plan.ts';

/** The rows of a campaign's loaded lists, the main one first. */
export interface RowsKey {
  accountId: number;
  campaignId: number;
  lists: readonly ListRow[];
  removeDuplicates: boolean;
  /** The account's stop list as it was seen: how many numbers, and when the last one was added. */
  stopped: { phones: number; last: string | null };
}

/**
 * The rows of a list that Start would queue, as `enqueue.ts` decides it. Columns of the table have the alias `c`.
 * The text holds integers of ours alone, so that COPY can take it, which knows no parameters.
 */
export function sendableRows(key: RowsKey, list: ListRow): string {
  return `contact c
    where ${ofList('c', key, list)} and c.phone is not null${notRepeated(key)}${notInMain(key, list)}${notStopped(key)}`;
}

/**
 * The same without the numbers of the other list: they cannot be looked up for a few rows without reading all.
 * Good enough for a sample.
 */
export function sampledRows(key: RowsKey, list: ListRow, rows: readonly number[]): string {
  return `contact c
    where ${ofList('c', key, list)} and c.phone is not null${notRepeated(key)}${notStopped(key)}
      and c.row_no in (${rows.join(',')})`;
}

/** The cells that a message needs, as columns of a query; an SQL null where the list has no such column. */
export function cellsOf(plan: MessagePlan, list: ListRow): string[] {
  return placesIn(list.columns, plan).map((place) =>
    place === null ? 'null::text' : `c.cells[${place + 1}]`,
  );
}

/** About how many rows `sendableRows` has: what the lists' own counts say, the stop list left aside. */
export function expectedRows(key: RowsKey, list: ListRow): number {
  if (!key.removeDuplicates) return list.contacts + list.duplicates;
  return list.contacts - (mainBefore(key, list) ? list.duplicates_of_other : 0);
}

function ofList(alias: string, { accountId, campaignId }: RowsKey, { id }: ListRow): string {
  return `${alias}.account_id = ${accountId} and ${alias}.campaign_id = ${campaignId} and ${alias}.list_id = ${id}`;
}

function notRepeated({ removeDuplicates }: RowsKey): string {
  return removeDuplicates ? ' and not c.repeated' : '';
}

/** Most accounts have no stop list, and a join with nothing still takes its time: all rows are hashed for it. */
function notStopped({ stopped }: RowsKey): string {
  if (stopped.phones === 0) return '';
  return ' and not exists (select from stop_list s where s.account_id = c.account_id and s.phone = c.phone)';
}

function notInMain(key: RowsKey, list: ListRow): string {
  const main = mainBefore(key, list);
  if (!key.removeDuplicates || !main) return '';
  return ` and not exists (select from contact first where ${ofList('first', key, main)} and first.phone = c.phone)`;
}

function mainBefore({ lists }: RowsKey, list: ListRow): ListRow | undefined {
  return list.slot === 'main' ? undefined : lists.find(({ slot }) => slot === 'main');
}
