/**
 * The worker's side of `lengths-worker.ts`: it reads the rows by a connection of its own, so that neither their bytes
 * nor their lengths touch the thread that sends messages and answers requests.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Lengths } from '../../../contract/lengths.ts';
import { CopyRows } from './copy-rows.ts';
import type { CountJob, FromWorker, ToWorker } from './count-job.ts';
import { Tally } from './tally.ts';

/**
 * Right after a COPY the planner takes a list for one row: a nested loop over it would run for hours. One core of the
 * database is enough for figures beside a text.
 */
const SETTINGS = [
  'set enable_nestloop = off',
  'set jit = off',
  'set max_parallel_workers_per_gather = 0',
  'set default_transaction_read_only = on',
].join('; ');

const { url } = workerData as { url: string };
const stops = new Map<number, AbortController>();
let idle: pg.Client | null = null;

parentPort!.on('message', (message: ToWorker) => {
  if (message.kind === 'stop') stops.get(message.id)?.abort();
  else void answer(message.id, message.job);
});

function post(message: FromWorker): void {
  parentPort!.postMessage(message);
}

async function answer(id: number, job: CountJob): Promise<void> {
  const stop = new AbortController();
  stops.set(id, stop);
  try {
    post({ kind: 'counted', id, lengths: await count(job, stop.signal) });
  } catch (error) {
    post({ kind: 'failed', id, message: (error as Error).message });
  } finally {
    stops.delete(id);
  }
}

async function count(job: CountJob, signal: AbortSignal): Promise<Lengths> {
  const client = await takeClient();
  const cut = () => cutOff(client);
  signal.addEventListener('abort', cut);
  try {
    signal.throwIfAborted();
    const tally = new Tally(job.plan);
    for (const list of job.lists) await countList(client, list, tally);
    signal.removeEventListener('abort', cut);
    await putBack(client);
    return tally.result();
  } catch (error) {
    cut();
    throw error;
  }
}

async function countList(
  client: pg.Client,
  { slot, sql }: CountJob['lists'][number],
  tally: Tally,
): Promise<void> {
  const rows = new CopyRows();
  for await (const chunk of client.query(copyTo(`copy (${sql}) to stdout`)) as AsyncIterable<Buffer>) {
    rows.push(chunk, ([row, times, ...values]) => tally.add(slot, Number(row), values, Number(times)));
    // A word to stop is heard only between two turns of the event loop.
    await turn();
  }
}

async function takeClient(): Promise<pg.Client> {
  const kept = idle;
  idle = null;
  if (kept) return kept;
  const client = new pg.Client({
    connectionString: url,
    application_name: 'mass-messaging lengths',
    connectionTimeoutMillis: 10_000,
  });
  // A connection that breaks while it waits is replaced by the next job; while it works, the job fails by itself.
  client.on('error', () => {
    if (idle === client) idle = null;
  });
  await client.connect();
  await client.query(SETTINGS);
  // Without it a statement whose client has gone works on until it has something to write. Not every system has it.
  await client.query('set client_connection_check_interval = 250').catch(() => undefined);
  return client;
}

async function putBack(client: pg.Client): Promise<void> {
  if (idle) await client.end();
  else idle = client;
}

/** Half-way through a COPY a connection is good for nothing else, and the server stops when it is gone. */
function cutOff(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
