import pg from 'pg';
import { PgBoss } from 'pg-boss';

const QUEUE = 'noop';
/** Where it is fastest: batches fetched and completed as a whole, by more than one at a time. */
const BATCH = 2000;
const WORKERS = 3;
const INSERT = 10_000;

async function opened(url: string): Promise<PgBoss> {
  const boss = new PgBoss({ connectionString: url, schedule: false, supervise: false });
  boss.on('error', (error) => console.error(error));
  return boss.start();
}

/** As many jobs, each with a payload as a message would have. */
export async function fillPgBoss(url: string, jobs: number): Promise<void> {
  const boss = await opened(url);
  await boss.createQueue(QUEUE);
  await boss.deleteAllJobs(QUEUE);
  for (let first = 1; first <= jobs; first += INSERT) {
    const count = Math.min(INSERT, jobs - first + 1);
    const batch = Array.from({ length: count }, (_, n) => ({ data: { account: 1, position: first + n } }));
    await boss.insert(QUEUE, batch);
  }
  await boss.stop({ graceful: false });
  const client = new pg.Client(url);
  await client.connect();
  await client.query('vacuum analyze pgboss.job_common');
  await client.query('checkpoint');
  await client.end();
}

export async function drainPgBoss(url: string, jobs: number): Promise<void> {
  const boss = await opened(url);
  let done = 0;
  const work = async () => {
    for (;;) {
      const batch = await boss.fetch(QUEUE, { batchSize: BATCH });
      if (batch.length === 0) return;
      const ids = batch.map(({ id }) => id);
      await boss.complete(QUEUE, ids);
      done += ids.length;
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  await boss.stop({ graceful: false });
  if (done !== jobs) throw new Error(`pg-boss did ${done} of ${jobs} jobs`);
}
