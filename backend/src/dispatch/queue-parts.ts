/**
 * A queue whose recipients have different clocks is handed out in parts: each a row of positions with one zone. The part
 * at work stands in the campaign's row (its place, its end, its zone), so that claims, leases and whoever else asks
 * whether a campaign may send now know nothing of parts. When it is done, or its hours are over, another takes its place.
 *
 * Danger: the place of a part at work is the cursor of the campaign, and that of any other is in its own row; going on at
 * an old place would hand messages out twice. Both are therefore only read and changed by one who has locked the
 * campaign's row, in a statement that began after it was locked.
 */
import type { EntityManager } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { zoneInDatabase } from '../database/zones.ts';
import { keysOf, type CampaignKey } from './claim.ts';
import type { RunKey } from './enqueue.ts';

/** What was put at the end of a queue: what is queued first, by its zones, then what is left out. */
export interface Placed {
  placed: number;
  queued: number;
  /** Of what is queued, in the order of the queue; null for a zone: no range has these numbers. Null for all: not by zone. */
  zones: [zone: string | null, count: number][] | null;
}

/** `Placed.zones` of the rows of a query that has the column `zone`. @param rows what follows `from` */
export function zonesOf(rows: string): string {
  return `(select json_agg(json_build_array(zone, count) order by zone)
             from (select zone, count(*)::int as count from ${rows} group by zone) zones)`;
}

/** How something is added to the queue of a locked campaign. */
export interface Placing {
  inParts: boolean;
  /** In the order of the recipients' zones. */
  byZone: boolean;
  /** Of the account. */
  timeZone: string;
}

export async function placingOf(
  manager: EntityManager,
  { accountId, campaignId }: CampaignKey,
): Promise<Placing> {
  const [placing] = await rowsOf<Placing>(
    manager,
    `select c.part_end is not null as "inParts", c.part_end is not null and c.hours_by_recipient as "byZone",
            a.time_zone as "timeZone"
       from campaign c join account a on a.id = c.account_id
      where c.account_id = $1 and c.id = $2`,
    [accountId, campaignId],
  );
  return placing!;
}

/** $1–$3 the run · $4 how many positions were added · $5 the account's zone · $6 zones, $7 where each begins, $8 how many it has */
const ADD = `
insert into queue_part (account_id, campaign_id, run, low, high, cursor, zone, of_account)
select $1, $2, $3, low, low + z.count, low, coalesce(z.zone, $5), z.zone is null
  from campaign k
 cross join unnest($6::text[], $7::int[], $8::int[]) as z (zone, start, count)
 cross join lateral (select k.last_position - $4::int + z.start as low) place
 where k.account_id = $1 and k.id = $2`;

/**
 * Makes parts of the positions that were just added to the queue of a locked campaign, if it is in parts. One of them may be
 * the first that can go on, and whoever looks after the campaign would wait for another: it is let go of then.
 */
export async function addParts(
  manager: EntityManager,
  key: RunKey,
  { inParts, timeZone }: Placing,
  { placed, queued, zones }: Placed,
): Promise<void> {
  if (!inParts || placed === 0) return;
  const campaign = [key.accountId, key.campaignId];
  const parts = zones ?? (queued > 0 ? [[null, queued]] : []);
  const starts = parts.map((_, at) => parts.slice(0, at).reduce((sum, [, count]) => sum + count, 0));
  await manager.query(ADD, [
    ...[...campaign, key.run, placed, await zoneInDatabase(manager, timeZone)],
    ...[parts.map(([zone]) => zone), starts, parts.map(([, count]) => count)],
  ]);
  // What is left out has nobody to wait for.
  await manager.query('update campaign set parked = parked - $3 where account_id = $1 and id = $2', [
    ...campaign,
    placed - queued,
  ]);
  const chosen = await choosePart(manager, [key]);
  if (!chosen.some(({ changed }) => changed)) return;
  await manager.query('update campaign set owner = null where account_id = $1 and id = $2', campaign);
}

/** A new queue for a campaign whose row is locked. @param inParts by the recipients' zones */
export async function emptyQueue(
  manager: EntityManager,
  { accountId, campaignId }: CampaignKey,
  inParts: boolean,
): Promise<void> {
  await manager.query('delete from queue_part where account_id = $1 and campaign_id = $2', [
    accountId,
    campaignId,
  ]);
  await manager.query(
    `update campaign set cursor = 0, last_position = 0, parked = 0, part_end = case when $3::bool then 0 end
      where account_id = $1 and id = $2`,
    [accountId, campaignId, inParts],
  );
}

/** The recipients' clocks no longer count for what is queued: the account's does. */
export async function forgetZones(manager: EntityManager, key: RunKey, accountZone: string): Promise<void> {
  await manager.query(
    `update queue_part set zone = $4, of_account = true where account_id = $1 and campaign_id = $2 and run = $3`,
    [key.accountId, key.campaignId, key.run, accountZone],
  );
}

/** A part with something to hand out, be it that a grant of it was given back. */
const PARTS_TO_DO = `
select c.account_id, c.id, c.part_end, c.cursor, p.low, p.high, p.zone, place.cursor as place,
       hours_wait(c.hours_from, c.hours_to, p.zone) as wait
  from unnest($1::int[], $2::int[]) as wanted (account_id, id)
  join campaign c on c.account_id = wanted.account_id and c.id = wanted.id and c.part_end is not null
  join queue_part p on p.account_id = c.account_id and p.campaign_id = c.id and p.run = c.run
 cross join lateral (select case when p.high = c.part_end then c.cursor else p.cursor end as cursor) place
 where place.cursor < p.high
    or exists (select from dispatch_grant g
                where g.account_id = p.account_id and g.campaign_id = p.campaign_id and g.run = p.run
                  and g.low >= p.low and g.low < p.high)`;

/**
 * The part that may go on soonest; of several that may now the one at work, else the one whose hours end first. One with
 * only grants out comes after those with a queue: its grants are handed out again whichever part is at work.
 */
const CHOOSE = `
with chosen as materialized (
  select distinct on (account_id, id) * from (${PARTS_TO_DO}) to_do
   order by account_id, id, wait, place >= high, high is distinct from part_end, (now() at time zone zone)::time desc, low),
laid_aside as (
  update queue_part p set cursor = n.cursor
    from chosen n
    join campaign c on c.account_id = n.account_id and c.id = n.id
   where p.account_id = c.account_id and p.campaign_id = c.id and p.run = c.run and p.high = n.part_end
     and n.high <> n.part_end)
update campaign c
   set cursor = n.place, part_end = n.high, parked = c.parked + n.place - c.cursor,
       hours_zone = case when c.hours_from is not null then n.zone end
  from chosen n
 where c.account_id = n.account_id and c.id = n.id
   -- else it is as it was, and its row is not written for nothing
   and (n.high <> n.part_end or c.hours_zone is distinct from case when c.hours_from is not null then n.zone end)
returning c.account_id as "accountId", c.id as "campaignId", n.wait * 1000 as "waitMs", n.high <> n.part_end as changed`;

interface Chosen extends CampaignKey {
  /** Until the hours of its part begin; 0 within them. */
  waitMs: number;
  changed: boolean;
}

/**
 * Puts to work the part that can go on soonest, of each of these campaigns, whose rows the caller has locked.
 * @returns those whose rows it wrote
 */
export function choosePart(manager: EntityManager, campaigns: readonly CampaignKey[]): Promise<Chosen[]> {
  return rowsOf<Chosen>(manager, CHOOSE, keysOf(campaigns));
}

/** The same for campaigns of this process that had nothing to hand out. @returns those that go on with another part */
export async function goOnElsewhere(
  manager: EntityManager,
  campaigns: readonly CampaignKey[],
  owner: string,
): Promise<Chosen[]> {
  if (campaigns.length === 0) return [];
  return manager.transaction(async (inside) => {
    const locked = await rowsOf<CampaignKey>(
      inside,
      `select c.account_id as "accountId", c.id as "campaignId"
         from unnest($1::int[], $2::int[]) as wanted (account_id, id)
         join campaign c on c.account_id = wanted.account_id and c.id = wanted.id
        where c.state = 'running' and c.owner = $3::uuid
          for no key update of c skip locked`,
      [...keysOf(campaigns), owner],
    );
    return (await choosePart(inside, locked)).filter(({ changed }) => changed);
  });
}
