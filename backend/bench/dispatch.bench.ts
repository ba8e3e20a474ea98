import type { DataSource } from 'typeorm';
import { fillBatchRows, updateInBatches } from './batch-update.ts';
import { settleDown, withDatabase } from './bench-database.ts';
import { cpuSeconds } from './cpu.ts';
import { checkDrained, drain } from './drain.ts';
import type { Figures } from './figures.ts';
import { fillQueue } from './filled-queue.ts';
import { drainGraphile, fillGraphile } from './graphile.ts';
import { drainOverHttp, install, postBare, withProvider, type Provider } from './http-drain.ts';
import { drainPgBoss, fillPgBoss } from './pg-boss.ts';
import { median, ROUNDS, seconds } from './rounds.ts';

const CAMPAIGNS = 2000;
const MESSAGES = 300_000;
/** Fewer: an HTTP request costs ten times what the queue does. */
const HTTP_MESSAGES = 100_000;
const OUR_TABLES = 'contact, message, dispatch_grant, provider_message';

interface Rival {
  name: string;
  messages: number;
  fill(): Promise<unknown>;
  drain(): Promise<void>;
  check?(): Promise<void>;
  /** Emptied after its turn, so that nobody's turn pays for the clearing up after another. */
  tables: string;
}

/**
 * How fast the queue can be emptied: against two queues on PostgreSQL that do as many jobs which do nothing, against
 * the bare updating of as many rows, and over HTTP against the bare requests.
 */
export async function dispatchBench(figures: Figures, wanted: readonly string[]): Promise<void> {
  const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);
  console.log(`all of it on Node ${process.versions.node}`);
  await withDatabase(async ({ url, dataSource }) => {
    if (isWanted('queues')) await measureQueues(url, dataSource, figures);
    if (isWanted('http')) await withProvider((provider) => measureHttp(dataSource, provider, figures));
  });
}

async function measureQueues(url: string, dataSource: DataSource, figures: Figures): Promise<void> {
  const speeds = await takeTurns(dataSource, queues(url, dataSource));
  const [ours, graphile, boss, batch] = speeds as [Speed, Speed, Speed, Speed];
  figures.atLeast('graphile-worker', ours.perSecond / graphile.perSecond, 2, 'x');
  figures.atLeast('pg-boss', ours.perSecond / boss.perSecond, 2.5, 'x');
  figures.atLeast('batch-update', ours.perSecond / batch.perSecond, 0.4, 'x');
  figures.informational('messages', ours.perSecond, '/s');
  figures.informational('graphile-worker-jobs', graphile.perSecond, '/s');
  figures.informational('pg-boss-jobs', boss.perSecond, '/s');
  figures.informational('batch-update-rows', batch.perSecond, '/s');
  figures.informational('cpu', cpuOf(ours), 'us');
  figures.informational('graphile-worker-cpu', cpuOf(graphile), 'us');
  figures.informational('pg-boss-cpu', cpuOf(boss), 'us');
  figures.informational('batch-update-cpu', cpuOf(batch), 'us');
}

async function measureHttp(dataSource: DataSource, provider: Provider, figures: Figures): Promise<void> {
  const speeds = await takeTurns(dataSource, overHttp(dataSource, provider));
  const [ours, bare] = speeds as [Speed, Speed];
  figures.atLeast('http-to-bare-undici', ours.perSecond / bare.perSecond, 0.65, 'x');
  figures.informational('http-messages', ours.perSecond, '/s');
  figures.informational('bare-undici-requests', bare.perSecond, '/s');
  figures.informational('http-cpu', cpuOf(ours), 'us');
  figures.informational('bare-undici-cpu', cpuOf(bare), 'us');
}

function cpuOf({ nodeUs, postgresUs }: Speed): number {
  return nodeUs + postgresUs;
}

function queues(url: string, dataSource: DataSource): Rival[] {
  const messages = MESSAGES;
  return [
    {
      name: 'ours',
      messages,
      fill: () => fillQueue(dataSource, { campaigns: CAMPAIGNS, messagesEach: messages / CAMPAIGNS }),
      drain: () => drain(dataSource, messages),
      check: () => checkDrained(dataSource, messages),
      tables: OUR_TABLES,
    },
    {
      name: 'graphile-worker',
      messages,
      fill: () => fillGraphile(url, messages),
      drain: () => drainGraphile(url, messages),
      tables: 'graphile_worker._private_jobs',
    },
    {
      name: 'pg-boss',
      messages,
      fill: () => fillPgBoss(url, messages),
      drain: () => drainPgBoss(url, messages),
      tables: 'pgboss.job_common',
    },
    {
      name: 'batch update',
      messages,
      fill: () => fillBatchRows(dataSource, messages),
      drain: () => updateInBatches(url, messages),
      tables: 'batch_row',
    },
  ];
}

function overHttp(dataSource: DataSource, provider: Provider): Rival[] {
  const messages = HTTP_MESSAGES;
  return [
    {
      name: 'ours over HTTP',
      messages,
      fill: async () => {
        await fillQueue(dataSource, { campaigns: CAMPAIGNS, messagesEach: messages / CAMPAIGNS });
        await install(dataSource, provider.url);
      },
      drain: () => drainOverHttp(dataSource, messages),
      check: () => checkDrained(dataSource, messages),
      tables: OUR_TABLES,
    },
    {
      name: 'bare undici',
      messages,
      fill: () => settleDown(dataSource, 'message'),
      drain: () => postBare(provider.url, messages),
      tables: OUR_TABLES,
    },
  ];
}

/** @returns of each the middle of its rounds */
async function takeTurns(dataSource: DataSource, rivals: readonly Rival[]): Promise<Speed[]> {
  const speeds = rivals.map(() => [] as Speed[]);
  for (let round = 1; round <= ROUNDS; round++) {
    for (const [at, rival] of rivals.entries()) {
      await rival.fill();
      const speed = await speedOf(dataSource, rival);
      await rival.check?.();
      await dataSource.query(`truncate ${rival.tables}`);
      speeds[at]!.push(speed);
      console.log(`round ${round}: ${rival.name} ${shown(speed)}`);
    }
  }
  return speeds.map(middle);
}

interface Speed {
  perSecond: number;
  /** Of one core, for each message. */
  nodeUs: number;
  postgresUs: number;
}

async function speedOf(dataSource: DataSource, { messages, drain }: Rival): Promise<Speed> {
  const before = await cpuSeconds(dataSource);
  const time = await seconds(drain);
  const after = await cpuSeconds(dataSource);
  const each = (total: number) => (total / messages) * 1e6;
  return {
    perSecond: messages / time,
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
