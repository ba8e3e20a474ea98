import type { EntityManager } from 'typeorm';
import type { PauseReason } from '../../../contract/campaign.ts';
import { rowsOf } from '../database/rows.ts';
import type { CampaignKey } from './claim.ts';
import type { Provider } from './gateway.ts';
import type { Alike } from './refusal-watch.ts';
import { toBeLookedUp } from './unknown-messages.ts';
import { WITHDRAWN } from './withdraw.ts';

/**
 * A provider's word that going on would burn the list: the campaign pauses itself, with the reason. Only a
 * running one and only in the same run; a person's pause or Clear is left as it is.
 */
export async function pauseBySystem(
  manager: EntityManager,
  key: { accountId: number; campaignId: number; run: number },
  reason: PauseReason,
  detail: string | null,
): Promise<boolean> {
  const rows = await rowsOf(
    manager,
    `with paused as (
       update campaign set state = 'paused', pause_reason = $4, pause_detail = $5
        where account_id = $1 and id = $2 and run = $3 and state = 'running'
       returning account_id, id)
     insert into campaign_event (id, account_id, campaign_id, by_user, action, from_state, to_state, reason)
     select gen_random_uuid(), account_id, id, 'system', 'pause', 'running', 'paused', $4 from paused
     returning 1`,
    [key.accountId, key.campaignId, key.run, reason, detail],
  );
  return rows.length > 0;
}

/**
 * Whether another process still holds a grant that it may send from.
 * @param campaignId null: any campaign of the account
 */
export async function othersMaySend(
  manager: EntityManager,
  accountId: number,
  campaignId: number | null,
  owner: string,
): Promise<boolean> {
  const rows = await rowsOf(
    manager,
    `select 1 from dispatch_grant
      where account_id = $1 and ($2::int is null or campaign_id = $2) and owner is not null and owner <> $3
        and send_until > clock_timestamp()
      limit 1`,
    [accountId, campaignId, owner],
  );
  return rows.length > 0;
}

/**
 * What other processes have of a campaign that none of them may send from any more: messages on their way, and, until
 * their process has said so, those that missed their slot.
 */
export async function othersOnTheWay(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
  owner: string,
): Promise<number> {
  const [row] = await rowsOf<{ count: number }>(
    manager,
    `select count(*)::int as count
       from dispatch_grant g
       join message m on m.account_id = g.account_id and m.campaign_id = g.campaign_id and m.run = g.run
        and m.position > g.low and m.position <= g.high and m.state = 'queued'
      where g.account_id = $1 and g.campaign_id = $2 and g.owner is not null and g.owner <> $3`,
    [accountId, campaignId, owner],
  );
  return row!.count;
}

const TRIED = `m.account_id = $1 and m.campaign_id = $2 and m.run = $3
                   and m.state in ('unknown', 'sent', 'failed', 'delivered', 'read')`;

/** $5 how many, of a queue that is handed out in its order. */
const TRIED_OF: Record<Alike['of'], string> = {
  first: `message m where ${TRIED}`,
  last: `(select m.* from message m
           where ${TRIED}
             and m.position <= (select cursor from campaign where account_id = $1 and id = $2)
           order by m.position desc limit $5) m`,
};

/** The first messages of a run, or its last ones, were all refused for one cause: pauses it, unless the rows tell otherwise. */
export async function pauseAllRefused(
  manager: EntityManager,
  key: { accountId: number; campaignId: number; run: number },
  reason: string,
  { of, count }: Alike,
): Promise<boolean> {
  const [alike] = await rowsOf<{ detail: string | null }>(
    manager,
    `select max(m.detail) as detail
       from ${TRIED_OF[of]}
     having count(*) >= $5 and bool_and(m.state = 'failed' and m.reason = $4)`,
    [key.accountId, key.campaignId, key.run, reason, count],
  );
  if (!alike) return false;
  return pauseBySystem(manager, key, 'all_refused', alike.detail ?? reason);
}

/**
 * Completes those of the idle campaigns that have nothing queued and nothing out. The rows are locked first and
 * looked at in a second statement: its snapshot then sees every grant written before the lock. One that has lost a file
 * some of whose messages were in hand waits for the healing, which may have more to queue.
 */
export async function completeFinished(
  manager: EntityManager,
  idle: readonly (CampaignKey & { run: number })[],
): Promise<number> {
  if (idle.length === 0) return 0;
  const keys = [
    idle.map((each) => each.accountId),
    idle.map((each) => each.campaignId),
    idle.map((each) => each.run),
  ];
  return manager.transaction(async (inside) => {
    const locked = await rowsOf<{ account_id: number; id: number }>(
      inside,
      `select c.account_id, c.id from campaign c
         join unnest($1::int[], $2::int[], $3::int[]) as k (account_id, campaign_id, run)
           on c.account_id = k.account_id and c.id = k.campaign_id and c.run = k.run
        where c.state = 'running' and c.cursor - c.parked >= c.last_position
          for no key update of c skip locked`,
      keys,
    );
    if (locked.length === 0) return 0;
    const done = await rowsOf(
      inside,
      `with completed as (
         update campaign c set state = 'completed'
           from unnest($1::int[], $2::int[]) as k (account_id, campaign_id)
          where c.account_id = k.account_id and c.id = k.campaign_id and c.state = 'running'
            and not exists (select from dispatch_grant g
                             where g.account_id = c.account_id and g.campaign_id = c.id and g.run = c.run)
            and not exists (select from run_list rl
                             where rl.account_id = c.account_id and rl.campaign_id = c.id and rl.run = c.run
                               and rl.in_hand)
         returning c.account_id, c.id, c.run),
       finished as (
         update run r set finished_at = now() from completed c
          where r.account_id = c.account_id and r.campaign_id = c.id and r.run = c.run)
       insert into campaign_event (id, account_id, campaign_id, by_user, action, from_state, to_state)
       select gen_random_uuid(), account_id, id, 'system', 'complete', 'running', 'completed' from completed
       returning 1`,
      [locked.map((each) => each.account_id), locked.map((each) => each.id)],
    );
    return done.length;
  });
}

/** Whoever held the grant `l` last cannot have sent the message `m`. */
const UNTOUCHED = `(l.owner is null or l.has_attempts and not exists (
  select from send_attempt a
   where a.account_id = m.account_id and a.campaign_id = m.campaign_id and a.run = m.run and a.position = m.position))`;

/**
 * Grants of campaigns that will never hand them out again (cleared, or a run that is over). What was given back and
 * has not left before is cancelled; what a dead process held may have left, so it is `unknown` until a receipt says more.
 *
 * @param keyless providers to whom nothing leaves without an attempt on disk: only what has one may have left
 */
export async function healGrants(manager: EntityManager, keyless: readonly Provider[] = []): Promise<number> {
  const rows = await rowsOf(
    manager,
    `with lost as (
       delete from dispatch_grant g using campaign c
        where c.account_id = g.account_id and c.id = g.campaign_id
          and (c.run <> g.run or c.state in ('draft', 'completed'))
          and (g.owner is null or g.lease_until < now())
       returning g.account_id, g.campaign_id, g.run, g.low, g.high, g.owner,
                 exists (select from run r
                          where r.account_id = g.account_id and r.campaign_id = g.campaign_id and r.run = g.run
                            and coalesce(r.content ->> 'provider', 'host') = any ($1)) as has_attempts),
     settled as (
     update message m
        set state = case when ${UNTOUCHED} then ${WITHDRAWN} else 'unknown' end,
            reason = case when ${UNTOUCHED} and not m.in_doubt then coalesce(m.reason, 'cleared')
                          else 'no_answer' end
       from lost l
      where m.account_id = l.account_id and m.campaign_id = l.campaign_id and m.run = l.run
        and m.position > l.low and m.position <= l.high and m.state = 'queued'
     returning m.account_id, m.campaign_id, m.run, m.position, m.state),
     looked_up as (${toBeLookedUp('settled')})
     select 1 from settled`,
    [keyless],
  );
  return rows.length;
}
