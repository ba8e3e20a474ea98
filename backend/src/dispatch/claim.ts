import { int4Array } from './binary-array.ts';
import type { DispatchDatabase, Statement } from './dispatch-database.ts';
import { LATENESS, SPREAD, WINDOW } from './pacing.ts';

export interface CampaignKey {
  accountId: number;
  campaignId: number;
}

/** A batch in this process's hands, on disk before anything of it leaves. */
export interface Grant extends CampaignKey {
  run: number;
  low: number;
  high: number;
  rate: number;
  /** Tells this handing out from every other of the same grant. */
  lease: string;
  /** It was in the hands of a process that is gone: some of it may have left. */
  abandoned: boolean;
  /** How many of its messages may leave before it is claimed again; undefined: all. */
  places?: number | undefined;
}

/** What a channel's limit leaves to a campaign of it. */
export interface ClaimLimit {
  /** Messages per minute: its rate counts for no more. */
  fastest: number;
  /** Messages in a grant. */
  size: number;
}

export interface GrantedRow {
  position: number;
  attempt: number;
  /** Handed over once without an answer. */
  inDoubt: boolean;
  listId: number;
  phone: string;
  cells: string[];
  /** On the stop list since it was queued. */
  stopped: boolean;
  /** Its list was removed while it was in a process's hands. */
  withdrawn: boolean;
}

export interface Claimed extends CampaignKey {
  run: number;
  /** Milliseconds until the campaign is due again. */
  dueInMs: number;
  /** Null: nothing to hand out, it is finished or waits for what is still out. */
  grant: Grant | null;
  /** Its queue is in parts (`queue-parts.ts`), so that another may have something to hand out. */
  inParts: boolean;
}

/** One outside its sending hours is looked at so often, in seconds: it may have nothing left and be done. */
export const LONGEST_CLOSED = 60;

/**
 * One statement over many campaigns, by their keys: locks those that are due and this process's, takes for each a
 * grant given back or left behind by a dead process, or else the next positions of its queue, writes the grant and
 * moves cursor and due time. What is on its way to somebody else (`skip locked`) is left for the next look.
 *
 * Danger: a lock gives a row as it is now, everything else is read as it was when the statement began. Cursor, last
 * position, rate and due time are all on the locked row; a grant taken over is locked, too; the messages themselves
 * are read by a second statement, which begins after this one has committed and so sees whatever was queued or
 * cancelled before.
 *
 * Everything is found by its key, row by row, whatever the planner thinks of tables that are empty every night: as joins
 * of sets these were planned then as walks over all campaigns, and over all grants, for each that is claimed. Hence the
 * laterals, and the insert that always meets the grant it takes over, which is locked already.
 *
 * Outside its sending hours a campaign is given nothing, and due again when they open. Of a queue in parts the one at
 * work ends before the queue does, and a grant left over from another is asked for its own hours.
 *
 * $1, $2 campaigns · $3 this process · $4 SPREAD · $5 the window of the pacing rule · $6 how long an answer and its
 * recording may take · $7 LATENESS, all in seconds · $8, $9 limits of the first campaigns; the others have none
 */
const CLAIM: Statement = {
  name: 'claim',
  text: `
with locked as materialized (
  select c.account_id, c.id as campaign_id, c.run, c.cursor, c.last_position, c.part_end, c.parked,
         coalesce(c.part_end, c.last_position) as queue_end, least(c.rate, wanted.fastest) as rate, c.due_at,
         least(greatest(1, c.rate / 60), wanted.size) as size, c.hours_from, c.hours_to,
         hours_wait(c.hours_from, c.hours_to, c.hours_zone) as closed
    from unnest($1::int[], $2::int[], $8::float8[], $9::int[]) as wanted (account_id, id, fastest, size)
   cross join lateral (
         select * from campaign
          where account_id = wanted.account_id and id = wanted.id
            and state = 'running' and owner = $3::uuid and due_at <= now()
          limit 1
            for no key update skip locked) c),
picked as materialized (
  select l.account_id, l.campaign_id, l.run, l.rate, l.due_at, l.cursor, l.last_position, l.part_end, l.parked, l.closed,
         left_over.low is not null as again,
         coalesce(left_over.abandoned, false) as abandoned,
         coalesce(left_over.low, l.cursor) as low,
         coalesce(left_over.high, case when l.closed > 0 then l.cursor else least(l.cursor + l.size, l.queue_end) end) as high,
         coalesce(left_over.queued, least(l.size, l.queue_end - l.cursor)) as queued
    from locked l
    left join lateral (
         select g.low, g.high, g.owner is not null as abandoned,
                (select count(*)::int from message m
                  where m.account_id = g.account_id and m.campaign_id = g.campaign_id and m.run = g.run
                    and m.position > g.low and m.position <= g.high and m.state = 'queued') as queued
           from dispatch_grant g
          where g.account_id = l.account_id and g.campaign_id = l.campaign_id and g.run = l.run
            and case when g.owner is null then g.due_at <= now() else g.lease_until < now() end
            and case when l.part_end is null then l.closed = 0
                     else exists (
                       select from queue_part p
                        where p.account_id = g.account_id and p.campaign_id = g.campaign_id and p.run = g.run
                          and p.low <= g.low and p.high > g.low
                          and hours_wait(l.hours_from, l.hours_to, p.zone) = 0) end
          order by g.low
          limit 1
            for no key update of g skip locked) left_over on true),
leased as materialized (
  select p.*, now() + make_interval(secs => (high - low) * $5::float8 / rate + $4::float8) as send_until,
         now() + make_interval(secs => (high - low) * $5::float8 / rate + $4::float8 + $6::float8) as lease_until
    from picked p),
taken as (
  insert into dispatch_grant (account_id, campaign_id, run, low, high, owner, due_at, send_until, lease_until)
  select account_id, campaign_id, run, low, high, $3::uuid, now(), send_until, lease_until
    from leased where again
      on conflict (account_id, campaign_id, run, low) do update
     set owner = excluded.owner, due_at = excluded.due_at,
         send_until = excluded.send_until, lease_until = excluded.lease_until),
granted as (
  insert into dispatch_grant (account_id, campaign_id, run, low, high, owner, due_at, send_until, lease_until)
  select account_id, campaign_id, run, low, high, $3::uuid, now(), send_until, lease_until
    from leased where not again and high > low)
update campaign c
   set cursor = case when l.again then c.cursor else l.high end,
       -- as they are already: PostgreSQL checks constraints on the row of the snapshot before it finds the newer one
       last_position = l.last_position, part_end = l.part_end, parked = l.parked,
       due_at = case when l.high > l.low
                     then greatest(l.due_at, now() - make_interval(secs => $7::float8))
                          + make_interval(secs => l.queued * $5::float8 / l.rate)
                     when l.closed > 0 then c.due_at
                     -- nothing to hand out: look again soon
                     else now() + interval '0.5 s' end
  from leased l
 where c.account_id = l.account_id and c.id = l.campaign_id
returning c.account_id, c.id, c.run, l.rate, l.low, l.high, l.abandoned, l.lease_until::text,
          greatest(extract(epoch from c.due_at - now())::float8, least(l.closed, ${LONGEST_CLOSED})) * 1000,
          l.part_end is not null`,
};

type ClaimRow = [
  accountId: number,
  campaignId: number,
  run: number,
  rate: number,
  low: number,
  high: number,
  abandoned: boolean,
  lease: string,
  dueInMs: number,
  inParts: boolean,
];

/**
 * @param owner this process
 * @param answerSeconds how long a provider's answer and its recording may take after the last message has left
 * @param limits of the first campaigns, in their order
 * @returns those that were due and could be locked; of the others `standing` tells
 */
export async function claim(
  database: DispatchDatabase,
  campaigns: readonly CampaignKey[],
  owner: string,
  answerSeconds: number,
  window = WINDOW,
  limits: readonly ClaimLimit[] = [],
): Promise<Claimed[]> {
  const [accounts, ids] = keysOf(campaigns);
  const fastest = limits.map((each) => each.fastest);
  const sizes = limits.map((each) => each.size);
  const parameters = [accounts, ids, owner, SPREAD, window, answerSeconds, LATENESS, fastest, sizes];
  const rows = await database.rows<ClaimRow>(CLAIM, parameters);
  return rows.map(([accountId, campaignId, run, rate, low, high, abandoned, lease, dueInMs, inParts]) => ({
    accountId,
    campaignId,
    run,
    dueInMs,
    grant: high > low ? { accountId, campaignId, run, low, high, rate, lease, abandoned } : null,
    inParts,
  }));
}

/** What is still queued in grants just claimed. $1–$5 the grants, in order */
const ROWS: Statement = {
  name: 'granted rows',
  text: `
with g as materialized (
  select granted.*, account.has_stop_list
    from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::int[]) with ordinality
         as granted (account_id, campaign_id, run, low, high, nth)
    left join lateral (
         select true as has_stop_list from stop_list where account_id = granted.account_id limit 1) account on true)
select g.nth::int, m.position, m.attempt, m.in_doubt, m.list_id, c.phone, c.cells,
       coalesce(s.stopped, false), coalesce(m.reason = 'list_removed', false)
  from g
 cross join lateral (
       select * from message
        where account_id = g.account_id and campaign_id = g.campaign_id and run = g.run
          and position > g.low and position <= g.high and state = 'queued'
       offset 0) m
 cross join lateral (
       select * from contact
        where account_id = g.account_id and campaign_id = g.campaign_id and list_id = m.list_id and row_no = m.row_no
        limit 1) c
  left join lateral (
       select true as stopped from stop_list
        where g.has_stop_list and account_id = g.account_id and phone = c.phone
        limit 1) s on true
 order by g.nth, m.position`,
};

type MessageRow = [
  nth: number,
  position: number,
  attempt: number,
  inDoubt: boolean,
  listId: number,
  phone: string,
  cells: string[],
  stopped: boolean,
  withdrawn: boolean,
];

/** @returns the rows of each grant, in the grants' order */
export async function grantedRows(
  database: DispatchDatabase,
  grants: readonly Grant[],
): Promise<GrantedRow[][]> {
  const [accounts, ids] = keysOf(grants);
  const found = await database.rows<MessageRow>(ROWS, [
    accounts,
    ids,
    int4Array(grants.map((grant) => grant.run)),
    int4Array(grants.map((grant) => grant.low)),
    int4Array(grants.map((grant) => grant.high)),
  ]);
  const rows: GrantedRow[][] = grants.map(() => []);
  for (const [nth, position, attempt, inDoubt, listId, phone, cells, stopped, withdrawn] of found) {
    rows[nth - 1]!.push({ position, attempt, inDoubt, listId, phone, cells, stopped, withdrawn });
  }
  return rows;
}

/**
 * A part of the queue that was taken out leaves a hole, and handing out nothing would cost its time. The cursor goes
 * on to the next queued message. $1, $2 campaigns · $3 this process
 */
const SKIP: Statement = {
  name: 'skip hole',
  text: `
update campaign c
   set cursor = coalesce(
         (select m.position - 1 from message m
           where m.account_id = c.account_id and m.campaign_id = c.id and m.run = c.run
             and m.position > c.cursor and m.position <= coalesce(c.part_end, c.last_position) and m.state = 'queued'
           order by m.position limit 1), c.part_end, c.last_position)
  from unnest($1::int[], $2::int[]) as wanted (account_id, id)
 where c.account_id = wanted.account_id and c.id = wanted.id and c.owner = $3::uuid and c.state = 'running'`,
};

export async function skipHoles(
  database: DispatchDatabase,
  campaigns: readonly CampaignKey[],
  owner: string,
): Promise<void> {
  await database.rows(SKIP, [...keysOf(campaigns), owner]);
}

export function keysOf(campaigns: readonly CampaignKey[]): [accounts: Buffer, campaigns: Buffer] {
  return [
    int4Array(campaigns.map((each) => each.accountId)),
    int4Array(campaigns.map((each) => each.campaignId)),
  ];
}
