import type { DataSource } from 'typeorm';
import { withDatabase } from './bench-database.ts';
import { cpuSeconds } from './cpu.ts';
import { checkDrained, drain } from './drain.ts';
import type { Figures } from './figures.ts';
import { fillQueue } from './filled-queue.ts';
import { drainGraphile, fillGraphile } from './graphile.ts';
import { runPaced, type Pace } from './paced.ts';
import { median, ROUNDS, seconds } from './rounds.ts';

const CAMPAIGNS = 2000;
const MESSAGES = 300_000;
const PACED_CAMPAIGNS = 100;
/** A little more than the minute in which no more than the rate may leave. */
const PACED_SECONDS = 65;
const LONE_SECONDS = 20;
const RATE = 300;

/** How fast the queue can be emptied, against the fastest queue on PostgreSQL; and how well the rate is kept. */
export async function dispatchBench(figures: Figures): Promise<void> {
  await withDatabase(async ({ url, dataSource }) => {
    await measureDrain(url, dataSource, figures);
    await measurePace(dataSource, figures);
  });
}

async function measureDrain(url: string, dataSource: DataSource, figures: Figures): Promise<void> {
  const ours: Speed[] = [];
  const theirs: Speed[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    await fillQueue(dataSource, { campaigns: CAMPAIGNS, messagesEach: MESSAGES / CAMPAIGNS });
    ours.push(await speedOf(dataSource, () => drain(dataSource, MESSAGES)));
    await checkDrained(dataSource, MESSAGES);
    await fillGraphile(url, MESSAGES);
    theirs.push(await speedOf(dataSource, () => drainGraphile(url, MESSAGES)));
    console.log(`round ${round}: ours ${shown(ours.at(-1)!)}; graphile-worker ${shown(theirs.at(-1)!)}`);
  }
  const [our, their] = [middle(ours), middle(theirs)];
  figures.atLeast('graphile-worker', our.perSecond / their.perSecond, 2, 'x');
  figures.informational('messages', our.perSecond, '/s');
  figures.informational('graphile-worker-jobs', their.perSecond, '/s');
  figures.informational('cpu', our.nodeUs + our.postgresUs, 'us');
  figures.informational('graphile-worker-cpu', their.nodeUs + their.postgresUs, 'us');
}

interface Speed {
  perSecond: number;
  /** Of one core, for each message. */
  nodeUs: number;
  postgresUs: number;
}

async function speedOf(dataSource: DataSource, work: () => Promise<void>): Promise<Speed> {
  const before = await cpuSeconds(dataSource);
  const time = await seconds(work);
  const after = await cpuSeconds(dataSource);
  const each = (total: number) => (total / MESSAGES) * 1e6;
  return {
    perSecond: MESSAGES / time,
    nodeUs: each(after.node - before.node),
    postgresUs: each(after.postgres - before.postgres),
  };
}

function middle(speeds: readonly Speed[]): Speed {
  return {
    perSecond: median(speeds.map((each) => each.perSecond)),
    nodeUs: median(speeds.map((each) => each.nodeUs)),
    postgresUs: median(speeds.map((each) => each.postgresUs)),
  };
}

function shown({ perSecond, nodeUs, postgresUs }: Speed): string {
  return `${perSecond.toFixed(0)}/s (CPU: ${nodeUs.toFixed(1)} us Node, ${postgresUs.toFixed(1)} us PostgreSQL)`;
}

/** Many campaigns keep the dispatcher awake, a lone one lets it rest between its grants: both must keep the rate. */
async function measurePace(dataSource: DataSource, figures: Figures): Promise<void> {
  const pace = await paceOf(dataSource, PACED_CAMPAIGNS, PACED_SECONDS);
  const lone = await paceOf(dataSource, 1, LONE_SECONDS);
  figures.atLeast('share-of-rate', (pace.perMinute / RATE) * 100, 98, '%');
  figures.atLeast('share-of-rate-alone', (lone.perMinute / RATE) * 100, 98, '%');
  figures.atLeast('gap-p50', pace.gapMs, 180, 'ms');
  figures.atMost('gap-p50', pace.gapMs, 220, 'ms');
  figures.atMost('most-in-any-minute', pace.mostInMinute, RATE, '');
  figures.informational('cpu-at-500-per-second', pace.cpuShare * 100, '%');
}

async function paceOf(dataSource: DataSource, campaigns: number, forSeconds: number): Promise<Pace> {
  await fillQueue(dataSource, { campaigns, messagesEach: 500 });
  const pace = await runPaced(dataSource, forSeconds);
  console.log(
    `paced, ${campaigns}: slowest ${pace.slowestPerMinute.toFixed(1)}/min, longest pause of all ${pace.longestPauseMs.toFixed(0)} ms`,
  );
  return pace;
}
