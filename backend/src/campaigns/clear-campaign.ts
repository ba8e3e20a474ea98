import type { EntityManager } from 'typeorm';
import { planForManyRows } from '../database/rows.ts';
import { emptyQueue } from '../dispatch/queue-parts.ts';
import { toBeLookedUp } from '../dispatch/unknown-messages.ts';
import { WITHDRAWN } from '../dispatch/withdraw.ts';
import type { CampaignRow } from './campaign-state.ts';

/**
 * Removes the lists, the contacts and everything queued of a locked campaign that sends nothing any more. What was
 * sent, or may have been, stays with its contacts for the report; how many rows went is kept with each run, so that
 * its account still adds up. What a process still holds, its answer to come, is left to it and to the healing.
 */
export async function clearCampaign(manager: EntityManager, row: CampaignRow): Promise<void> {
  const key = [row.account_id, row.id];
  await planForManyRows(manager);
  for (const statement of [CLEAR_RUNS, SETTLE_THE_REST, DELETE_CONTACTS, DELETE_CORRECTIONS, REMOVE_LISTS]) {
    await manager.query(statement, key);
  }
  await emptyQueue(manager, { accountId: row.account_id, campaignId: row.id }, false);
}

/**
 * Deletes what was never handed over and counts it, in one statement: an answer recorded meanwhile is either seen
 * before or finds its message gone, and is never both counted and kept. Grants that nobody holds go by the same view:
 * one given back a moment later keeps its messages, and the healing cancels them.
 */
const CLEAR_RUNS = `
with held as materialized (
  select run, low, high from dispatch_grant where account_id = $1 and campaign_id = $2 and owner is not null),
left_over as (
  delete from dispatch_grant where account_id = $1 and campaign_id = $2 and owner is null),
gone as (
  delete from message m
   using run r
   where r.account_id = $1 and r.campaign_id = $2 and r.cleared is null
     and m.account_id = $1 and m.campaign_id = $2 and m.run = r.run
     and (m.state in ('cancelled', 'duplicate', 'stopped')
          or (m.state = 'queued' and not m.in_doubt and not exists (
                select from held h where h.run = m.run and m.position > h.low and m.position <= h.high)))
  returning m.run, m.state),
counted as (
  select run, count(*) filter (where state = 'duplicate') as duplicates,
         count(*) filter (where state = 'stopped') as stopped,
         count(*) filter (where state in ('queued', 'cancelled')) as cancelled
    from gone group by run)
update run r
   set finished_at = coalesce(r.finished_at, now()),
       cleared = jsonb_build_object(
         'refused', (select coalesce(sum(l.refused), 0)
                       from run_list rl
                       join list l on l.account_id = rl.account_id and l.campaign_id = rl.campaign_id and l.id = rl.list_id
                      where rl.account_id = $1 and rl.campaign_id = $2 and rl.run = r.run)
                  + (select count(*)
                       from run_list rl
                       join correction k on k.account_id = rl.account_id and k.campaign_id = rl.campaign_id
                        and k.list_id = rl.list_id and k.run > rl.run
                      where rl.account_id = $1 and rl.campaign_id = $2 and rl.run = r.run),
         'duplicates', coalesce(c.duplicates, 0), 'stopped', coalesce(c.stopped, 0),
         'cancelled', coalesce(c.cancelled, 0))
  from run own left join counted c on c.run = own.run
 where own.account_id = $1 and own.campaign_id = $2 and own.run = r.run
   and r.account_id = $1 and r.campaign_id = $2 and r.cleared is null`;

/** Queued still, and in no grant: handed over once without an answer. Nobody will ask about it again. */
const SETTLE_THE_REST = `
with settled as (
update message m
   set state = ${WITHDRAWN}, reason = case when m.in_doubt then 'no_answer' else 'cleared' end
 where m.account_id = $1 and m.campaign_id = $2 and m.state = 'queued'
   and not exists (select from dispatch_grant g
                    where g.account_id = m.account_id and g.campaign_id = m.campaign_id and g.run = m.run
                      and m.position > g.low and m.position <= g.high)
returning m.account_id, m.campaign_id, m.run, m.position, m.state)
${toBeLookedUp('settled')}`;

const DELETE_CONTACTS = `
delete from contact c
 where c.account_id = $1 and c.campaign_id = $2
   and not exists (select from message m
                    where m.account_id = $1 and m.campaign_id = $2
                      and m.list_id = c.list_id and m.row_no = c.row_no)`;

/** Those of runs that were cleared now are in their accounts. */
const DELETE_CORRECTIONS = 'delete from correction where account_id = $1 and campaign_id = $2';

const REMOVE_LISTS = `
update list set removed_at = now() where account_id = $1 and campaign_id = $2 and removed_at is null`;
