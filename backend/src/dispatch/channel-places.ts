import { int4Array } from './binary-array.ts';
import { CHANNEL_WINDOW, LONGEST_GRANT, LONGEST_TURN } from './channel-pacing.ts';
import type { DispatchDatabase, Statement } from './dispatch-database.ts';
import { LATENESS } from './pacing.ts';

/** A campaign that wants to go on through a limited channel. */
export interface Wanted {
  accountId: number;
  channelId: string;
  /** How many places it asks for. */
  places: number;
  /** Places that others ask for before it, in the same channel and call. */
  before: number;
}

export interface Place {
  /** Messages in 60 seconds; null: the channel has no limit any more. */
  limit: number | null;
  /** Milliseconds until its turn. Not above 0: it has its places, and they are spoken for. */
  waitMs: number;
}

/**
 * One statement over many channels: locks their rows, in the order of their keys, and gives places to those whose turn
 * has come. A due time further ahead than the rule sets was left by a clock that was put back, or by a lower limit: it is
 * put right, whether somebody's turn has come or not.
 *
 * Danger: the rows must not be skipped when they are locked. A channel without a row has no limit.
 *
 * $1–$4 who wants what · $5 the window of the rule · $6 LATENESS · $7 beyond one place the furthest ahead, all in seconds
 */
const RESERVE: Statement = {
  name: 'reserve places',
  text: `
with wanted as materialized (
  select * from unnest($1::int[], $2::text[], $3::int[], $4::int[]) with ordinality
           as w (account_id, channel_id, places, before, nth)),
channel as materialized (
  select l.account_id, l.channel_id, l.per_minute, s.spacing, l.due_at > s.furthest as too_far,
         greatest(least(l.due_at, s.furthest), now() - make_interval(secs => $6::float8)) as first
    from (select distinct account_id, channel_id from wanted) k
    join channel_limit l on l.account_id = k.account_id and l.channel_id = k.channel_id
   cross join lateral (
         select $5::float8 / l.per_minute as spacing,
                -- not now(): whoever held the lock may have begun after this statement
                clock_timestamp() + make_interval(secs => $5::float8 / l.per_minute + $7::float8) as furthest) s
   order by l.account_id, l.channel_id
     for no key update of l),
turn as materialized (
  select w.nth, w.places, w.account_id, w.channel_id, c.per_minute,
         c.first + make_interval(secs => w.before * c.spacing) - now() as wait
    from wanted w
    left join channel c on c.account_id = w.account_id and c.channel_id = w.channel_id),
moved as (
  update channel_limit l
     set due_at = c.first + make_interval(secs => coalesce(t.places, 0) * c.spacing)
    from channel c
    left join (select account_id, channel_id, sum(places) as places from turn
                where wait <= interval '0' group by account_id, channel_id) t
      on t.account_id = c.account_id and t.channel_id = c.channel_id
   where l.account_id = c.account_id and l.channel_id = c.channel_id and (t.places is not null or c.too_far))
select per_minute, coalesce(extract(epoch from wait)::float8 * 1000, 0) from turn order by nth`,
};

/** @returns in the order of `wanted` */
export async function reservePlaces(database: DispatchDatabase, wanted: readonly Wanted[]): Promise<Place[]> {
  const rows = await database.rows<[limit: number | null, waitMs: number]>(RESERVE, [
    int4Array(wanted.map((each) => each.accountId)),
    wanted.map((each) => each.channelId),
    int4Array(wanted.map((each) => each.places)),
    int4Array(wanted.map((each) => each.before)),
    CHANNEL_WINDOW,
    LATENESS,
    LONGEST_TURN + LONGEST_GRANT + LATENESS,
  ]);
  return rows.map(([limit, waitMs]) => ({ limit, waitMs }));
}

/** $1, $2 the channel · $3 the window of the rule · $4 LATENESS · $5 how far ahead, all in seconds */
const TURN: Statement = {
  name: 'turn in channel',
  text: `
with taken as (
  update channel_limit l
     set due_at = greatest(l.due_at, now() - make_interval(secs => $4::float8)) + make_interval(secs => $3::float8 / l.per_minute)
   where l.account_id = $1 and l.channel_id = $2 and l.due_at <= now() + make_interval(secs => $5::float8)
  returning l.due_at - make_interval(secs => $3::float8 / l.per_minute) - now() as wait)
select (select greatest(0, extract(epoch from wait)::float8 * 1000) from taken),
       exists (select from channel_limit where account_id = $1 and channel_id = $2)`,
};

/**
 * Takes one place in a channel, also one that is still to come.
 * @returns after how many milliseconds one message may leave, up to SPREAD later; null: the channel has no place soon;
 *   undefined: it has no limit
 */
export async function takeTurn(
  database: DispatchDatabase,
  accountId: number,
  channelId: string,
): Promise<number | null | undefined> {
  const values = [accountId, channelId, CHANNEL_WINDOW, LATENESS, LONGEST_TURN];
  const [row] = await database.rows<[waitMs: number | null, limited: boolean]>(TURN, values);
  const [waitMs, limited] = row!;
  return limited ? waitMs : undefined;
}

export interface Member {
  accountId: number;
  campaignId: number;
  channelId: string;
  rate: number;
  /** Of its channel, per minute. */
  limit: number;
  /** Looked after by this process. */
  mine: boolean;
  /** Outside its sending hours. */
  closed: boolean;
}

/** All running campaigns of the limited channels that this process sends through. Where none has a limit it reads nothing. */
const MEMBERS: Statement = {
  name: 'members of channels',
  text: `
with used as materialized (
  select distinct l.account_id, l.channel_id, l.per_minute
    from campaign c
    join channel_limit l on l.account_id = c.account_id and l.channel_id = c.channel_id
   where c.state = 'running' and c.owner = $1::uuid and exists (select from channel_limit))
select c.account_id, c.id, c.channel_id, c.rate, u.per_minute, coalesce(c.owner = $1::uuid, false),
       hours_wait(c.hours_from, c.hours_to, c.hours_zone) > 0
  from used u
  join campaign c on c.account_id = u.account_id and c.channel_id = u.channel_id
 where c.state = 'running'`,
};

export async function membersOfChannels(database: DispatchDatabase, owner: string): Promise<Member[]> {
  type Row = [number, number, string, number, number, boolean, boolean];
  const rows = await database.rows<Row>(MEMBERS, [owner]);
  return rows.map(([accountId, campaignId, channelId, rate, limit, mine, closed]) => ({
    accountId,
    campaignId,
    channelId,
    rate,
    limit,
    mine,
    closed,
  }));
}
