import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import type { CountJob } from './count-job.ts';
import { LengthsWorker } from './lengths-worker.ts';
import { smsPlan } from './message-plan.ts';

let database: TestDatabase;
let worker: LengthsWorker;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());
beforeEach(() => void (worker = new LengthsWorker(database.url)));
afterEach(() => worker.close());

const job = (sql: string): CountJob => ({ plan: smsPlan('{{a}}'), lists: [{ slot: 'main', sql }] });
const rows = (count: number) => job(`select i, 1, repeat('x', i) from generate_series(1, ${count}) i`);
/** Longer than any test waits. */
const endless = job(`select 1, 1, 'x' from pg_sleep(3600)`);
const never = new AbortController().signal;

async function untilAsleep(count: number): Promise<void> {
  for (;;) {
    const [row] = await database.dataSource.query(
      `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
    );
    if (row.n === count) return;
  }
}

test('counts the rows of a query, one job after another over one connection', async () => {
  const counted = await Promise.all([worker.count(rows(161), never), worker.count(rows(2), never)]);
  expect(counted).toMatchObject([
    { rows: 161, segments: { 1: 160, 2: 1 } },
    { rows: 2, segments: { 1: 2 } },
  ]);
  const connections = await database.dataSource.query(
    `select 1 from pg_stat_activity where datname = current_database() and application_name = 'mass-messaging lengths'`,
  );
  expect(connections).toHaveLength(1);
});

test('a job that is stopped ends at once, in the database too, and the next one is taken', async () => {
  const abort = new AbortController();
  const stopped = worker.count(endless, abort.signal);
  const next = worker.count(rows(3), never);
  await untilAsleep(1);
  const reason = new Error('replaced');
  abort.abort(reason);
  await expect(stopped).rejects.toBe(reason);
  await untilAsleep(0);
  expect(await next).toMatchObject({ rows: 3 });
});

test('what is stopped before its turn never begins', async () => {
  const first = new AbortController();
  const second = new AbortController();
  const running = worker.count(endless, first.signal);
  const waiting = worker.count(endless, second.signal);
  await untilAsleep(1);
  second.abort(new Error('replaced'));
  first.abort(new Error('replaced'));
  await expect(running).rejects.toThrow('replaced');
  await expect(waiting).rejects.toThrow('replaced');
  await untilAsleep(0);
});

test('a statement that fails tells why, and the next job works', async () => {
  await expect(worker.count(job('select 1, 1, no_such_column'), never)).rejects.toThrow('no_such_column');
  expect(await worker.count(rows(1), never)).toMatchObject({ rows: 1 });
});

test('a job cannot write', async () => {
  const writing = job(`select 1, 1, 'x' from account for update`);
  await expect(worker.count(writing, never)).rejects.toThrow('read-only');
});

test('a worker that is closed in the middle fails its job, and the next one starts another', async () => {
  const cut = worker.count(endless, never);
  const failed = expect(cut).rejects.toThrow('ended');
  await untilAsleep(1);
  await worker.close();
  await failed;
  await untilAsleep(0);
  expect(await worker.count(rows(1), never)).toMatchObject({ rows: 1 });
});
