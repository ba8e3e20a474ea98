import type { EntityManager } from 'typeorm';
import { rowsOf } from '../database/rows.ts';

/** The run of a campaign whose row the caller has locked for update. */
export interface RunKey {
  accountId: number;
  campaignId: number;
  run: number;
}

/** From now on the run accounts for every row of these files, the refused ones included. */
export async function addToRun(
  manager: EntityManager,
  key: RunKey,
  listIds: readonly number[],
): Promise<void> {
  await manager.query(
    `insert into run_list (account_id, campaign_id, run, list_id) select $1, $2, $3, unnest($4::int[])`,
    [key.accountId, key.campaignId, key.run, listIds],
  );
}

/**
 * Gives every row of a list that has a phone its message in the run: queued, or left out as a duplicate or as
 * stopped. What is left out stands behind what is queued, so that the queue has no holes. With duplicates
 * removed, a number that this run has written to or will write to is never queued a second time; nor is one of the
 * additional file that the main one has, even where the main one's row is a duplicate whose other has just been removed:
 * it is about to be queued.
 */
const ENQUEUE_LIST = `
with candidate as (
  select c.row_no,
         (case when stop.phone is not null then 'stopped'
               when $5 and (c.repeated or taken.phone is not null) then 'duplicate'
               else 'queued' end)::message_state as state
    from contact c
    left join stop_list stop on stop.account_id = c.account_id and stop.phone = c.phone
    left join (select distinct other.phone
                 from message m
                 join contact other on other.account_id = m.account_id and other.campaign_id = m.campaign_id
                  and other.list_id = m.list_id and other.row_no = m.row_no
                 join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
                where $5 and m.account_id = $1 and m.campaign_id = $2 and m.run = $3
                  and (m.state not in ('cancelled', 'duplicate', 'stopped')
                       or (m.state = 'duplicate' and l.slot = 'main' and l.removed_at is null and l.id <> $4))) taken
           on taken.phone = c.phone
   where c.account_id = $1 and c.campaign_id = $2 and c.list_id = $4 and c.phone is not null),
placed as (
  insert into message (account_id, campaign_id, run, position, list_id, row_no, state)
  select $1, $2, $3, k.last_position + row_number() over (order by n.state <> 'queued', n.row_no), $4, n.row_no, n.state
    from candidate n, campaign k
   where k.account_id = $1 and k.id = $2
  returning state)
update campaign
   set last_position = last_position + (select count(*) from placed)
 where account_id = $1 and id = $2
returning (select count(*)::int from placed where state = 'queued') as queued`;

/** @returns how many were queued */
export async function enqueueList(
  manager: EntityManager,
  key: RunKey,
  listId: number,
  removeDuplicates: boolean,
): Promise<number> {
  const parameters = [key.accountId, key.campaignId, key.run, listId, removeDuplicates];
  const [placed] = await rowsOf<{ queued: number }>(manager, ENQUEUE_LIST, parameters);
  return placed!.queued;
}
