import type { EntityManager } from 'typeorm';
import { MAX_PACE_POINTS, type Pace } from '../../../contract/live.ts';
import { rowsOf } from '../database/rows.ts';

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
/** Widths that a clock can show: whole parts of an hour, then of a day. */
const WIDTHS = [1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 720, 1440].map((minutes) => minutes * MINUTE);

/** The stretch to count over so that a run of so many seconds has no more points than a chart can show. */
export function bucketSeconds(seconds: number): number {
  const least = seconds / (MAX_PACE_POINTS - 1);
  return WIDTHS.find((width) => width >= least) ?? Math.ceil(least / DAY) * DAY;
}

/** An event of the run: the state it led to and the rate that held after it. */
export interface PaceEvent {
  at: Date;
  to: string;
  rate: number | null;
}

/**
 * What the events say of a run's rate and its pauses.
 * @param rate what is set now: for events that have not kept theirs
 */
export function courseOf(
  events: readonly PaceEvent[],
  from: Date,
  rate: number,
): Pick<Pace, 'rates' | 'pauses'> {
  const rates: Pace['rates'] = [];
  const pauses: Pace['pauses'] = [];
  for (const { at, to, rate: set } of events) {
    if (set !== null && set !== rates.at(-1)?.perMinute) {
      rates.push({ at: (rates.length === 0 ? from : at).toISOString(), perMinute: set });
    }
    const last = pauses.at(-1);
    if (to === 'paused' && last?.to !== null) pauses.push({ from: at.toISOString(), to: null });
    else if (to !== 'paused' && last?.to === null) last.to = at.toISOString();
  }
  if (rates.length === 0) rates.push({ at: from.toISOString(), perMinute: rate });
  return { rates, pauses };
}

interface RunRow {
  started_at: Date;
  rate: number;
  running: boolean;
  now: Date;
}

const RUN = `
select r.started_at, c.rate, c.state = 'running' as running, clock_timestamp() as now
  from campaign c join run r on r.account_id = c.account_id and r.campaign_id = c.id and r.run = c.run
 where c.account_id = $1 and c.id = $2 and c.run = $3`;

/** Rate and state of a run stand in the campaign's events; a run begins in the transaction of its first. */
const EVENTS = `
select at, to_state as to, rate from campaign_event
 where account_id = $1 and campaign_id = $2 and at >= $3 order by at`;

/**
 * All rows of the run, in the order in which they lie: 0.2 s for 600,000. Times are those of the processes that sent,
 * whose clocks may be a little off the database's. An index over the times would be written
 * with every message, and would take its updates off their page.
 */
const COUNTS = `
select greatest(0, least(floor(extract(epoch from sent_at - $4::timestamptz) / $5::int), $6::int))::int as bucket, count(*)::int as count
  from message
 where account_id = $1 and campaign_id = $2 and run = $3 and sent_at is not null
 group by bucket`;

/** How fast a run went, from its rows. @returns null where there is no such run, or it is not the last */
export async function readPace(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
  run: number,
): Promise<Pace | null> {
  const [row] = await rowsOf<RunRow>(manager, RUN, [accountId, campaignId, run]);
  if (!row) return null;
  const from = row.started_at;
  const events = await rowsOf<PaceEvent>(manager, EVENTS, [accountId, campaignId, from]);
  const to = row.running ? row.now : lastStop(events, from);
  const width = bucketSeconds((to.getTime() - from.getTime()) / 1000);
  const last = Math.floor((to.getTime() - from.getTime()) / 1000 / width);
  const found = await rowsOf<{ bucket: number; count: number }>(manager, COUNTS, [
    accountId,
    campaignId,
    run,
    from,
    width,
    last,
  ]);
  const counts = Array.from({ length: last + 1 }, () => 0);
  for (const { bucket, count } of found) counts[bucket] = count;
  return {
    run,
    from: from.toISOString(),
    to: to.toISOString(),
    bucketSeconds: width,
    counts,
    ...courseOf(events, from, row.rate),
  };
}

/** What was on its way when a run stopped is counted at its end. */
function lastStop(events: readonly PaceEvent[], from: Date): Date {
  const at = events.findLastIndex(({ to }) => to === 'running');
  return events[at + 1]?.at ?? events.at(-1)?.at ?? from;
}
