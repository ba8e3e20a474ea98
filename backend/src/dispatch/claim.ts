import type { EntityManager } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { LATENESS, SPREAD } from './pacing.ts';

/** A batch in this process's hands, on disk before anything of it leaves. */
export interface Grant {
  accountId: number;
  campaignId: number;
  run: number;
  low: number;
  high: number;
  rate: number;
  /** Tells this handing out from every other of the same grant. */
  lease: string;
  /** It was in the hands of a process that is gone: some of it may have left. */
  abandoned: boolean;
  rows: GrantedRow[];
}

export interface GrantedRow {
  position: number;
  attempt: number;
  listId: number;
  phone: string;
  cells: string[];
  /** On the stop list since it was queued. */
  stopped: boolean;
}

interface ClaimRow {
  account_id: number;
  campaign_id: number;
  run: number;
  rate: number;
  low: number | null;
  high: number;
  lease: string;
  abandoned: boolean;
  position: number | null;
  attempt: number;
  list_id: number;
  phone: string;
  cells: string[];
  stopped: boolean;
}

export interface Claim {
  grants: Grant[];
  /** Due, but with nothing to hand out: finished, or waiting for what is still out. */
  idle: { accountId: number; campaignId: number; run: number }[];
}

/**
 * One statement over all campaigns: locks those that are due, takes for each a grant given back or left behind by
 * a dead process, or else the next messages of its queue, writes the grant and moves cursor and due time.
 *
 * Danger: the lock gives a campaign's row as it is, everything else is read as it was when the statement began. A
 * campaign changed in between is therefore left for the next look (`seen`): else a file just added would be skipped
 * for good, one just removed be sent, a grant just taken by another process be taken twice. Whoever changes a
 * campaign's queue must update its row. `now()` and not clock_timestamp(), which no index can serve.
 */
const CLAIM = `
with locked as materialized (
  select account_id, id as campaign_id, run, cursor, last_position, rate, due_at, xmin as version
    from campaign
   where state = 'running' and due_at <= now()
   order by due_at
   limit $1::int
     for no key update skip locked),
due as materialized (
  select l.*
    from locked l
    join campaign seen on seen.account_id = l.account_id and seen.id = l.campaign_id
     -- in a CASE, or the planner expects one row to be left and joins all below row by row: ten times slower
     and case when seen.xmin = l.version then true else false end),
again as (
  select distinct on (g.account_id, g.campaign_id)
         g.account_id, g.campaign_id, g.run, g.low, g.owner is not null as abandoned
    from due d
    join dispatch_grant g on g.account_id = d.account_id and g.campaign_id = d.campaign_id and g.run = d.run
   where case when g.owner is null then g.due_at <= now() else g.lease_until < now() end
   order by g.account_id, g.campaign_id, g.low),
fresh as (
  select d.account_id, d.campaign_id, d.run, d.cursor as low, next.high
    from due d
   cross join lateral (
         select max(position) as high
           from (select m.position
                   from message m
                  where m.account_id = d.account_id and m.campaign_id = d.campaign_id and m.run = d.run
                    and m.position > d.cursor and m.position <= d.last_position and m.state = 'queued'
                  order by m.position
                  limit greatest(1, d.rate / 60)) queue) next
   where next.high is not null
     and not exists (select from again a where a.account_id = d.account_id and a.campaign_id = d.campaign_id)),
taken as (
  update dispatch_grant g
     set owner = $2::uuid, due_at = now(),
         send_until = now() + make_interval(secs => (g.high - g.low) * $4::float8 / d.rate + $3::float8),
         lease_until = now() + make_interval(secs => (g.high - g.low) * $4::float8 / d.rate + $3::float8 + $5::float8)
    from again a
    join due d on d.account_id = a.account_id and d.campaign_id = a.campaign_id
   where g.account_id = a.account_id and g.campaign_id = a.campaign_id and g.run = a.run and g.low = a.low
     and case when g.owner is null then g.due_at <= now() else g.lease_until < now() end
  returning g.account_id, g.campaign_id, g.run, g.low, g.high, g.lease_until, a.abandoned),
granted as (
  insert into dispatch_grant (account_id, campaign_id, run, low, high, owner, due_at, send_until, lease_until)
  select f.account_id, f.campaign_id, f.run, f.low, f.high, $2::uuid, now(),
         now() + make_interval(secs => greatest(1, d.rate / 60) * $4::float8 / d.rate + $3::float8),
         now() + make_interval(secs => greatest(1, d.rate / 60) * $4::float8 / d.rate + $3::float8 + $5::float8)
    from fresh f join due d on d.account_id = f.account_id and d.campaign_id = f.campaign_id
  returning account_id, campaign_id, run, low, high, lease_until, false as abandoned),
handed as materialized (
  select g.*, m.position, m.attempt, m.list_id, c.phone, c.cells, s.phone is not null as stopped
    from (select * from taken union all select * from granted) g
    join message m on m.account_id = g.account_id and m.campaign_id = g.campaign_id and m.run = g.run
     and m.position > g.low and m.position <= g.high and m.state = 'queued'
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
    left join stop_list s on s.account_id = c.account_id and s.phone = c.phone),
moved as (
  update campaign c
     set cursor = case when a.low is not null then d.cursor else coalesce(f.high, d.last_position) end,
         due_at = case when coalesce(h.size, 0) > 0
                       then greatest(d.due_at, now() - make_interval(secs => $6::float8)) + make_interval(secs => h.size * $4::float8 / d.rate)
                       -- nothing to hand out: look again soon
                       else greatest(d.due_at, now()) + interval '0.5 s' end
    from due d
    left join again a on a.account_id = d.account_id and a.campaign_id = d.campaign_id
    left join fresh f on f.account_id = d.account_id and f.campaign_id = d.campaign_id
    left join (select account_id, campaign_id, count(*) as size from handed group by 1, 2) h
           on h.account_id = d.account_id and h.campaign_id = d.campaign_id
   where c.account_id = d.account_id and c.id = d.campaign_id)
select d.account_id, d.campaign_id, d.run, d.rate, g.low, g.high, g.lease_until::text as lease, g.abandoned,
       h.position, h.attempt, h.list_id, h.phone, h.cells, h.stopped
  from due d
  left join (select * from taken union all select * from granted) g
         on g.account_id = d.account_id and g.campaign_id = d.campaign_id
  left join handed h on h.account_id = d.account_id and h.campaign_id = d.campaign_id
 order by d.due_at, d.account_id, d.campaign_id, h.position`;

/**
 * @param limit campaigns at once
 * @param owner this process
 * @param answerSeconds how long a provider's answer and its recording may take after the last message has left
 */
export async function claim(
  manager: EntityManager,
  limit: number,
  owner: string,
  answerSeconds: number,
): Promise<Claim> {
  const parameters = [limit, owner, SPREAD, 60 + LATENESS + SPREAD, answerSeconds, LATENESS];
  const rows = await rowsOf<ClaimRow>(manager, CLAIM, parameters);
  return collect(rows);
}

function collect(rows: ClaimRow[]): Claim {
  const grants: Grant[] = [];
  const idle: Claim['idle'] = [];
  for (const row of rows) {
    if (row.low === null) {
      idle.push({ accountId: row.account_id, campaignId: row.campaign_id, run: row.run });
      continue;
    }
    let grant = grants.at(-1);
    if (!grant || grant.accountId !== row.account_id || grant.campaignId !== row.campaign_id) {
      grant = {
        accountId: row.account_id,
        campaignId: row.campaign_id,
        run: row.run,
        low: row.low,
        high: row.high,
        rate: row.rate,
        lease: row.lease,
        abandoned: row.abandoned,
        rows: [],
      };
      grants.push(grant);
    }
    if (row.position === null) continue;
    grant.rows.push({
      position: row.position,
      attempt: row.attempt,
      listId: row.list_id,
      phone: row.phone,
      cells: row.cells,
      stopped: row.stopped,
    });
  }
  return { grants, idle };
}
