import { Logger, makeWorkerUtils, runOnce } from 'graphile-worker';

const quiet = new Logger(() => () => undefined);

/** The settings of graphile-worker's own record: jobs fetched by 500 and completed in batches without delay. */
const PRESET = {
  worker: {
    concurrentJobs: 24,
    maxPoolSize: 25,
    localQueue: { size: 500 },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};

/** As many jobs, each with a payload as a message would have. */
export async function fillGraphile(url: string, jobs: number): Promise<void> {
  const utils = await makeWorkerUtils({ connectionString: url, logger: quiet });
  await utils.migrate();
  await utils.withPgClient(async (client) => {
    await client.query('truncate graphile_worker._private_jobs');
    await client.query(
      `select count(*) from graphile_worker.add_jobs(array(
         select row('noop', json_build_object('account', 1, 'position', n), null, null, null, null, null, null)::graphile_worker.job_spec
           from generate_series(1, $1::int) n))`,
      [jobs],
    );
    await client.query('vacuum analyze graphile_worker._private_jobs');
    await client.query('checkpoint');
  });
  await utils.release();
}

export async function drainGraphile(url: string, jobs: number): Promise<void> {
  let done = 0;
  await runOnce({
    connectionString: url,
    logger: quiet,
    noHandleSignals: true,
    preset: PRESET,
    taskList: {
      noop: async () => {
        done += 1;
      },
    },
  });
  if (done !== jobs) throw new Error(`graphile-worker did ${done} of ${jobs} jobs`);
}
