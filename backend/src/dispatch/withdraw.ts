/**
 * Taking messages out of the queue. What nobody holds is decided at once; what a process holds may be leaving at this
 * moment, so it is only marked, and that process decides: not sent, or gone already.
 *
 * Danger: every caller has locked the campaign's row, so nothing new is granted meanwhile; but what is granted may be
 * settled or given back at any time. Who holds what is therefore read in the statement that acts on it, never before.
 */
import type { EntityManager } from 'typeorm';
import { planForManyRows, rowsOf } from '../database/rows.ts';
import type { RunKey } from './enqueue.ts';
import { withRegion } from '../ranges/zone-of.ts';
import { addParts, placingOf, zonesOf, type Placed } from './queue-parts.ts';
import { toBeLookedUp } from './unknown-messages.ts';

/** The message `m` is in a process's hands, and its answer may still come. */
export const HELD = `exists (
  select from dispatch_grant g
   where g.account_id = m.account_id and g.campaign_id = m.campaign_id and g.run = m.run
     and g.owner is not null and m.position > g.low and m.position <= g.high)`;

/** What a queued message becomes when nobody will send it any more: it may have left once, unanswered. */
export const WITHDRAWN = `(case when m.in_doubt then 'unknown' else 'cancelled' end)::message_state`;

/**
 * A removed file's messages. Where some are marked, the run is to be looked at again once they are decided. The
 * campaign's row is written as it was, as whoever changes its queue must.
 */
const WITHDRAW_LIST = `
with marked as (
  update message m set reason = 'list_removed'
    from dispatch_grant g
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.list_id = $4 and m.state = 'queued'
     and g.account_id = m.account_id and g.campaign_id = m.campaign_id and g.run = m.run
     and g.owner is not null and m.position > g.low and m.position <= g.high
  returning 1),
noted as (
  update run_list set in_hand = true
   where account_id = $1 and campaign_id = $2 and run = $3 and list_id = $4 and exists (select from marked)),
withdrawn as (
  update message m
     set state = ${WITHDRAWN}, reason = case when m.in_doubt then 'no_answer' else 'list_removed' end
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.list_id = $4 and m.state = 'queued'
     and not ${HELD}
  returning m.account_id, m.campaign_id, m.run, m.position, m.state),
looked_up as (${toBeLookedUp('withdrawn')})
update campaign set cursor = cursor where account_id = $1 and id = $2`;

export async function withdrawList(manager: EntityManager, key: RunKey, listId: number): Promise<void> {
  await manager.query(WITHDRAW_LIST, [key.accountId, key.campaignId, key.run, listId]);
}

/**
 * Numbers left out as duplicates of what was withdrawn are queued, behind all others: their first occurrence that is
 * left is now the first of all, in the main file before the additional. A number that this run has written to, or
 * still may, is not among them.
 */
const requeueStatement = (byZone: boolean) => `
with live as (
  select distinct c.phone
    from message m
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3
     and m.state not in ('cancelled', 'duplicate', 'stopped')),
first as (
  select distinct on (c.phone) m.position, l.slot, m.row_no, ${byZone ? 'region.zone' : 'null::text'} as zone
    from message m
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
    join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
    left join live on live.phone = c.phone
    left join stop_list stop on stop.account_id = c.account_id and stop.phone = c.phone
    ${byZone ? withRegion('c.phone') : ''}
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.state = 'duplicate'
     and l.removed_at is null and live.phone is null and stop.phone is null
   order by c.phone, l.slot = 'additional', m.row_no),
moved as (
  update message m
     set state = 'queued', position = k.last_position + f.place
    from (select position, row_number() over (order by zone, slot = 'additional', row_no) as place
            from first) f, campaign k
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.position = f.position
     and k.account_id = $1 and k.id = $2
  returning 1)
update campaign set last_position = last_position + (select count(*) from moved)
 where account_id = $1 and id = $2
returning (select count(*)::int from moved) as placed, (select count(*)::int from moved) as queued,
          ${byZone ? zonesOf('first') : 'null::json'} as zones`;

export async function requeueDuplicates(manager: EntityManager, key: RunKey): Promise<void> {
  const parameters = [key.accountId, key.campaignId, key.run];
  const placing = await placingOf(manager, key);
  const statement = requeueStatement(placing.byZone);
  const [done] = await rowsOf<Placed>(manager, statement, parameters);
  await addParts(manager, key, placing, done!);
}

/** Runs that are under way and have lost a file some of whose messages were in hand, and now no longer are. */
const DECIDED = `
select rl.account_id as "accountId", rl.campaign_id as "campaignId", rl.run
  from run_list rl
  join campaign c on c.account_id = rl.account_id and c.id = rl.campaign_id and c.run = rl.run
 where rl.in_hand and c.state in ('running', 'paused')
   and not exists (select from message m
                    where m.account_id = rl.account_id and m.campaign_id = rl.campaign_id and m.run = rl.run
                      and m.list_id = rl.list_id and m.state = 'queued')`;

/**
 * What a process held when its file was removed counted as written to. Where it was not sent after all, the number is
 * queued by the other file; until this has been looked at the run does not complete. It looks at every row of the
 * files, so it is a part of healing and not of the sending. A campaign in other hands waits for the next look.
 */
export async function queueWhatWasLeftOver(manager: EntityManager): Promise<void> {
  for (const key of await rowsOf<RunKey>(manager, DECIDED)) {
    const parameters = [key.accountId, key.campaignId, key.run];
    await manager.transaction(async (inside) => {
      const locked = await rowsOf(
        inside,
        `select 1 from campaign where account_id = $1 and id = $2 and run = $3 and state in ('running', 'paused')
            for no key update skip locked`,
        parameters,
      );
      if (locked.length === 0) return;
      await planForManyRows(inside);
      await requeueDuplicates(inside, key);
      await inside.query(
        'update run_list set in_hand = false where account_id = $1 and campaign_id = $2 and run = $3 and in_hand',
        parameters,
      );
    });
  }
}
