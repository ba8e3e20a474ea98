import pg from 'pg';
import type { DataSource } from 'typeorm';
import { Arrivals, type Pace } from './arrivals.ts';
import { withDatabase, type BenchDatabase } from './bench-database.ts';
import { cpuSeconds } from './cpu.ts';
import type { Figures } from './figures.ts';
import { fillQueue, FIRST_CAMPAIGN } from './filled-queue.ts';
import { machineMs } from './machine-clock.ts';
import { Senders } from './senders.ts';

const RATE = 300;
/** A little more than the minute in which no more than the rate may leave. */
const SECONDS = 65;
const LONG_SECONDS = 600;
const IDLE_SECONDS = 20;
/** After the last campaign's first message: the processes have shared the campaigns among them. */
const SETTLE_SECONDS = { alone: 3, together: 8 };
/** The longest until every campaign has begun. */
const BEGIN_SECONDS = 15;
/** Between the start of the processes and the first due campaign. */
const HEAD_START_SECONDS = 2;
const BIG = 600_000;

interface Case {
  name: string;
  campaigns: number;
  processes: number;
  seconds: number;
  /** Messages of the first campaign, where it is larger than the others. */
  biggest?: number;
  /** Somebody reads in a transaction and does not come back. */
  snapshot?: boolean;
}

interface Found extends Pace {
  biggestPerMinute: number;
  /** Of one core. */
  nodeShare: number;
  postgresShare: number;
}

/** Whether campaigns keep their rate, and what that costs: one and many, in one process and in three. */
export async function pacingBench(figures: Figures, wanted: readonly string[]): Promise<void> {
  const names = wanted.filter((each) => !each.startsWith('--'));
  const isWanted = (...of: string[]) => names.length === 0 || of.some((each) => names.includes(each));
  const snapshotSeconds = wanted.includes('--long') ? LONG_SECONDS : SECONDS;
  await withDatabase(async (database) => {
    for (const campaigns of [1, 100, 1000, 5000])
      for (const processes of [1, 3])
        if (isWanted(`${campaigns}`, `${campaigns}x${processes}`))
          await measureCampaigns(database, campaigns, processes, figures);
    if (isWanted('big')) await measureBig(database, figures);
    if (isWanted('snapshot')) await measureSnapshot(database, snapshotSeconds, figures);
    if (isWanted('idle')) await measureIdle(database, figures);
  });
}

async function measureCampaigns(
  database: BenchDatabase,
  campaigns: number,
  processes: number,
  figures: Figures,
): Promise<void> {
  const name = `${campaigns}x${processes}`;
  const found = await run(database, { name, campaigns, processes, seconds: SECONDS });
  figures.atMost(`${name}/most-in-any-minute`, found.mostInMinute, RATE, '');
  figures.atLeast(`${name}/share-of-rate`, shareOf(found.perMinute), 99, '%');
  figures.informational(`${name}/share-of-rate-slowest`, shareOf(found.slowestPerMinute), '%');
  figures.atLeast(`${name}/gap-p50`, found.gapP50Ms, 180, 'ms');
  figures.atMost(`${name}/gap-p50`, found.gapP50Ms, 220, 'ms');
  figures.informational(`${name}/gap-p99`, found.gapP99Ms, 'ms');
  const cpu = (found.nodeShare + found.postgresShare) * 100;
  // Fewer campaigns pay for the processes' own pulse, so that only many of them tell.
  if (campaigns >= 5000) figures.atMost(`${name}/cpu-per-1000-campaigns`, (cpu * 1000) / campaigns, 15, '%');
  else figures.informational(`${name}/cpu`, cpu, '%');
}

/** What a large campaign costs must not depend on how large it is. */
async function measureBig(database: BenchDatabase, figures: Figures): Promise<void> {
  const name = 'big';
  const found = await run(database, { name, campaigns: 1001, processes: 1, seconds: SECONDS, biggest: BIG });
  figures.atLeast('big/share-of-rate-of-600000', shareOf(found.biggestPerMinute), 99, '%');
  figures.atLeast('big/share-of-rate-of-1000-beside', shareOf(found.perMinute), 99, '%');
  figures.atMost('big/most-in-any-minute', found.mostInMinute, RATE, '');
}

/** While a snapshot is open nothing that was overwritten since can be cleared away. */
async function measureSnapshot(database: BenchDatabase, seconds: number, figures: Figures): Promise<void> {
  const name = 'snapshot';
  const found = await run(database, { name, campaigns: 1000, processes: 1, seconds, snapshot: true });
  figures.atLeast('snapshot/share-of-rate', shareOf(found.perMinute), 95, '%');
  figures.informational('snapshot/share-of-rate-slowest', shareOf(found.slowestPerMinute), '%');
  figures.atMost('snapshot/most-in-any-minute', found.mostInMinute, RATE, '');
  figures.informational('snapshot/cpu', (found.nodeShare + found.postgresShare) * 100, '%');
}

async function measureIdle({ url, dataSource }: BenchDatabase, figures: Figures): Promise<void> {
  await fillQueue(dataSource, { campaigns: 1000, messagesEach: 10 });
  await dataSource.query(`update campaign set state = 'paused', pause_reason = 'user'`);
  const senders = new Senders(url, 1, () => undefined);
  try {
    await pause(SETTLE_SECONDS.alone);
    const used = await cpuDuring(dataSource, senders, IDLE_SECONDS);
    await senders.stop();
    figures.informational('idle/cpu-node', used.nodeShare * 100, '%');
    figures.informational('idle/cpu-postgres', used.postgresShare * 100, '%');
  } finally {
    senders.kill();
  }
}

async function run({ url, dataSource }: BenchDatabase, of: Case): Promise<Found> {
  const { campaigns, processes, seconds } = of;
  const messagesEach = Math.ceil((RATE / 60) * (seconds + BEGIN_SECONDS + SETTLE_SECONDS.together + 2));
  await fillQueue(dataSource, { campaigns, messagesEach, biggest: of.biggest ?? messagesEach });
  const snapshot = of.snapshot ? await openSnapshot(url) : null;
  const arrivals = new Arrivals(messagesEach);
  await spreadStarts(dataSource);
  const senders = new Senders(url, processes, (campaign, at) => arrivals.add(campaign, at));
  try {
    await allBegun(arrivals, campaigns);
    await pause(processes === 1 ? SETTLE_SECONDS.alone : SETTLE_SECONDS.together);
    const from = machineMs();
    const used = await cpuDuring(dataSource, senders, seconds);
    const until = machineMs();
    const shared = await campaignsOfEach(dataSource);
    await senders.stop();
    const pace = arrivals.pace(from, until);
    const found = { ...pace, ...used, biggestPerMinute: arrivals.rateOf(FIRST_CAMPAIGN, from, until) };
    console.log(`${of.name}: ${shown(found)}; campaigns of each process: ${shared.join(', ')}`);
    return found;
  } finally {
    senders.kill();
    await snapshot?.end();
  }
}

/** As in life: they did not all start in the same moment, but a grant is due each second. */
async function spreadStarts(dataSource: DataSource): Promise<void> {
  await dataSource.query(
    `update campaign set due_at = now() + make_interval(secs => $1::float8 + random())`,
    [HEAD_START_SECONDS],
  );
}

async function openSnapshot(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('begin transaction isolation level repeatable read');
  await client.query('select count(*) from campaign');
  return client;
}

async function allBegun(arrivals: Arrivals, campaigns: number): Promise<void> {
  const deadline = machineMs() + (HEAD_START_SECONDS + BEGIN_SECONDS) * 1000;
  while (arrivals.begun < campaigns) {
    if (machineMs() > deadline) return console.log(`only ${arrivals.begun} of ${campaigns} campaigns begun`);
    await pause(0.1);
  }
}

/** The benchmark's own process, which only collects, is left out. */
async function cpuDuring(dataSource: DataSource, senders: Senders, seconds: number) {
  const postgres = (await cpuSeconds(dataSource)).postgres;
  const node = await senders.cpuSeconds();
  await pause(seconds);
  return {
    nodeShare: ((await senders.cpuSeconds()) - node) / seconds,
    postgresShare: ((await cpuSeconds(dataSource)).postgres - postgres) / seconds,
  };
}

async function campaignsOfEach(dataSource: DataSource): Promise<number[]> {
  const rows = (await dataSource.query(
    'select count(*)::int as campaigns from campaign where owner is not null group by owner order by 1',
  )) as { campaigns: number }[];
  return rows.map(({ campaigns }) => campaigns);
}

function shareOf(perMinute: number): number {
  return (perMinute / RATE) * 100;
}

function shown(found: Found): string {
  const percent = (share: number) => `${share.toFixed(2)} %`;
  return (
    `most in a minute ${found.mostInMinute}, share ${percent(shareOf(found.perMinute))} ` +
    `(slowest ${percent(shareOf(found.slowestPerMinute))}), gap ${found.gapP50Ms.toFixed(0)} / ${found.gapP99Ms.toFixed(0)} ms, ` +
    `CPU ${percent(found.nodeShare * 100)} Node + ${percent(found.postgresShare * 100)} PostgreSQL`
  );
}

function pause(seconds: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, seconds * 1000));
}
