/**
 * Taking messages out of the queue. What nobody holds is decided at once; what a process holds may be leaving at this
 * moment, so it is only marked, and that process decides: not sent, or gone already.
 *
 * Danger: every caller has locked the campaign's row, so nothing new is granted meanwhile; but what is granted may be
 * settled or given back at any time. Who holds what is therefore read in the statement that acts on it, never before.
 */
import type { EntityManager } from 'typeorm';
import { changedRows, rowsOf } from '../database/rows.ts';
import type { RunKey } from './enqueue.ts';

/** The message `m` is in a process's hands, and its answer may still come. */
export const HELD = `exists (
  select from dispatch_grant g
   where g.account_id = m.account_id and g.campaign_id = m.campaign_id and g.run = m.run
     and g.owner is not null and m.position > g.low and m.position <= g.high)`;

/** What a queued message becomes when nobody will send it any more: it may have left once, unanswered. */
export const WITHDRAWN = `(case when m.in_doubt then 'unknown' else 'cancelled' end)::message_state`;

/**
 * A removed file's messages. The campaign's row is written as it was: a claim that began before this sees by it that
 * the queue has changed.
 */
const WITHDRAW_LIST = `
with marked as (
  update message m set reason = 'list_removed'
    from dispatch_grant g
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.list_id = $4 and m.state = 'queued'
     and g.account_id = m.account_id and g.campaign_id = m.campaign_id and g.run = m.run
     and g.owner is not null and m.position > g.low and m.position <= g.high),
withdrawn as (
  update message m
     set state = ${WITHDRAWN}, reason = case when m.in_doubt then 'no_answer' else 'list_removed' end
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.list_id = $4 and m.state = 'queued'
     and not ${HELD})
update campaign set cursor = cursor where account_id = $1 and id = $2`;

export async function withdrawList(manager: EntityManager, key: RunKey, listId: number): Promise<void> {
  await manager.query(WITHDRAW_LIST, [key.accountId, key.campaignId, key.run, listId]);
}

/**
 * Numbers left out as duplicates of what was withdrawn are queued, behind all others: their first occurrence that is
 * left is now the first of all, in the main file before the additional. A number that this run has written to, or
 * still may, is not among them.
 */
const REQUEUE_DUPLICATES = `
with live as (
  select distinct c.phone
    from message m
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3
     and m.state not in ('cancelled', 'duplicate', 'stopped')),
first as (
  select distinct on (c.phone) m.position, l.slot, m.row_no
    from message m
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
    join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
    left join live on live.phone = c.phone
    left join stop_list stop on stop.account_id = c.account_id and stop.phone = c.phone
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.state = 'duplicate'
     and l.removed_at is null and live.phone is null and stop.phone is null
   order by c.phone, l.slot = 'additional', m.row_no),
moved as (
  update message m
     set state = 'queued', position = k.last_position + f.place
    from (select position, row_number() over (order by slot = 'additional', row_no) as place from first) f, campaign k
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.position = f.position
     and k.account_id = $1 and k.id = $2
  returning 1)
update campaign set last_position = last_position + (select count(*) from moved)
 where account_id = $1 and id = $2 and exists (select from moved)`;

/** @returns whether there were any */
export async function requeueDuplicates(manager: EntityManager, key: RunKey): Promise<boolean> {
  return (await changedRows(manager, REQUEUE_DUPLICATES, [key.accountId, key.campaignId, key.run])) > 0;
}

/**
 * Of these runs, those with nothing queued and nothing out that have lost a file: what a process held at that moment
 * counted as written to, and turned out not to be.
 */
export function runsThatLostAFile(manager: EntityManager, runs: readonly RunKey[]): Promise<RunKey[]> {
  return rowsOf<RunKey>(
    manager,
    `select c.account_id as "accountId", c.id as "campaignId", c.run
       from campaign c
       join unnest($1::int[], $2::int[], $3::int[]) as k (account_id, campaign_id, run)
         on c.account_id = k.account_id and c.id = k.campaign_id and c.run = k.run
       join campaign_settings s on s.account_id = c.account_id and s.campaign_id = c.id
      where c.state = 'running' and c.cursor >= c.last_position and s.remove_duplicates
        and exists (select from run_list rl
                      join list l on l.account_id = rl.account_id and l.campaign_id = rl.campaign_id and l.id = rl.list_id
                     where rl.account_id = c.account_id and rl.campaign_id = c.id and rl.run = c.run
                       and l.removed_at is not null)
        and not exists (select from dispatch_grant g
                         where g.account_id = c.account_id and g.campaign_id = c.id and g.run = c.run)`,
    [
      runs.map(({ accountId }) => accountId),
      runs.map(({ campaignId }) => campaignId),
      runs.map(({ run }) => run),
    ],
  );
}
