/**
 * Which process looks after which campaign. A lease is a word of who looks, not a lock: the claim itself locks the
 * campaign's row and asks for its due time, so that two processes that both believe in a lease harm nobody.
 *
 * A process is alive while its row says so, and says so every BEAT_MS. Campaigns of one that is not, and those let go
 * of by a change of their state or rate, are taken over by whoever looks next.
 */
import type { CampaignKey } from './claim.ts';
import { keysOf, LONGEST_CLOSED } from './claim.ts';
import type { DispatchDatabase, Statement } from './dispatch-database.ts';

export const BEAT_MS = 2000;
/** A dead process's campaigns wait this long. Shorter would take them from one that only stalls. */
const ALIVE_SECONDS = 6;

export interface Lease extends CampaignKey {
  run: number;
  /** Of the run: what it is sent through. */
  channelId: string;
}

const BEAT: Statement = {
  name: 'beat',
  text: `
with gone as (
  delete from dispatch_process where alive_until < now() - interval '1 hour'),
alive as (
  insert into dispatch_process (id, alive_until) values ($1::uuid, now() + make_interval(secs => $2::float8))
  on conflict (id) do update set alive_until = excluded.alive_until)
-- A clock put back by an hour would leave due times an hour ahead; none is legally more than a minute ahead.
update campaign set due_at = now() + interval '61 s'
 where state = 'running' and owner = $1::uuid and due_at > now() + interval '62 s'`,
};

/** Says that this process is alive. */
export async function beat(database: DispatchDatabase, owner: string): Promise<void> {
  await database.rows(BEAT, [owner, ALIVE_SECONDS]);
}

/** When a campaign `t` may be claimed again: its rate, and its sending hours. */
const DUE_IN_MS = `greatest(extract(epoch from t.due_at - now())::float8, least(t.closed, ${LONGEST_CLOSED})) * 1000`;

const TAKE: Statement = {
  name: 'take leases',
  text: `
with alive as materialized (
  select id from dispatch_process where alive_until > now()),
free as materialized (
  select c.account_id, c.id
    from campaign c
   where c.state = 'running' and (c.owner is null or not exists (select from alive where alive.id = c.owner))
   limit $2::int
     for no key update of c skip locked),
taken as (
  update campaign c set owner = $1::uuid
    from free
   where c.account_id = free.account_id and c.id = free.id
  returning c.account_id, c.id, c.run, c.due_at, hours_wait(c.hours_from, c.hours_to, c.hours_zone) as closed)
select t.account_id, t.id, t.run, r.content ->> 'channelId', ${DUE_IN_MS}
  from taken t
  join run r on r.account_id = t.account_id and r.campaign_id = t.id and r.run = t.run`,
};

/** Takes campaigns that nobody looks after, so many at most. @returns each with the time until it is due */
export async function takeLeases(
  database: DispatchDatabase,
  owner: string,
  limit: number,
): Promise<{ lease: Lease; dueInMs: number }[]> {
  type Row = [accountId: number, campaignId: number, run: number, channelId: string, dueInMs: number];
  const rows = await database.rows<Row>(TAKE, [owner, limit]);
  return rows.map(([accountId, campaignId, run, channelId, dueInMs]) => ({
    lease: { accountId, campaignId, run, channelId },
    dueInMs,
  }));
}

const STANDING: Statement = {
  name: 'standing',
  text: `
select wanted.nth::int - 1, t.run, ${DUE_IN_MS}
  from unnest($1::int[], $2::int[]) with ordinality as wanted (account_id, id, nth)
 cross join lateral (
       select run, due_at, hours_wait(hours_from, hours_to, hours_zone) as closed from campaign
        where account_id = wanted.account_id and id = wanted.id and state = 'running' and owner = $3::uuid
        limit 1) t`,
};

/** Of campaigns that could not be claimed: those that are still this process's, by their place in `leases`. */
export async function standing(
  database: DispatchDatabase,
  owner: string,
  leases: readonly Lease[],
): Promise<Map<number, { run: number; dueInMs: number }>> {
  const rows = await database.rows<[number, number, number]>(STANDING, [...keysOf(leases), owner]);
  return new Map(rows.map(([at, run, dueInMs]) => [at, { run, dueInMs }]));
}

const SHARE: Statement = {
  name: 'share',
  text: `
select (select count(*)::int from campaign where state = 'running'),
       (select count(*)::int from dispatch_process where alive_until > now())`,
};

/** How many campaigns each of the living processes would look after if all had the same number. */
export async function fairShare(database: DispatchDatabase): Promise<number> {
  const [[running, alive] = [0, 1]] = await database.rows<[number, number]>(SHARE, []);
  return Math.ceil(running / Math.max(1, alive));
}

const LET_GO: Statement = {
  name: 'let go',
  text: `
update campaign c set owner = null
  from unnest($1::int[], $2::int[]) as wanted (account_id, id)
 where c.account_id = wanted.account_id and c.id = wanted.id and c.owner = $3::uuid`,
};

export async function letGo(
  database: DispatchDatabase,
  owner: string,
  leases: readonly Lease[],
): Promise<void> {
  await database.rows(LET_GO, [...keysOf(leases), owner]);
}

const LEAVE: Statement = {
  name: 'leave',
  text: `
with gone as (delete from dispatch_process where id = $1::uuid)
update campaign set owner = null where state = 'running' and owner = $1::uuid`,
};

/** At an orderly stop: the others need not wait until this process counts as dead. */
export async function leave(database: DispatchDatabase, owner: string): Promise<void> {
  await database.rows(LEAVE, [owner]);
}
