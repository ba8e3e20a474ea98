import { withDatabase } from './bench-database.ts';
import { checkDrained, drain } from './drain.ts';
import type { Figures } from './figures.ts';
import { fillQueue } from './filled-queue.ts';
import { drainGraphile, fillGraphile } from './graphile.ts';
import { runPaced } from './paced.ts';
import { median, ROUNDS, seconds } from './rounds.ts';

const CAMPAIGNS = 2000;
const MESSAGES = 300_000;
const PACED_CAMPAIGNS = 100;
/** A little more than the minute in which no more than the rate may leave. */
const PACED_SECONDS = 65;
const RATE = 300;

/** How fast the queue can be emptied, against the fastest queue on PostgreSQL; and how well the rate is kept. */
export async function dispatchBench(figures: Figures): Promise<void> {
  await withDatabase(async ({ url, dataSource }) => {
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      await fillQueue(dataSource, { campaigns: CAMPAIGNS, messagesEach: MESSAGES / CAMPAIGNS });
      ours.push(MESSAGES / (await seconds(() => drain(dataSource, MESSAGES))));
      await checkDrained(dataSource, MESSAGES);
      await fillGraphile(url, MESSAGES);
      theirs.push(MESSAGES / (await seconds(() => drainGraphile(url, MESSAGES))));
      console.log(
        `round ${round}: ours ${ours.at(-1)!.toFixed(0)}/s, graphile-worker ${theirs.at(-1)!.toFixed(0)}/s`,
      );
    }
    figures.atLeast('graphile-worker', median(ours) / median(theirs), 2, 'x');
    figures.informational('messages', median(ours), '/s');
    figures.informational('graphile-worker-jobs', median(theirs), '/s');

    await fillQueue(dataSource, { campaigns: PACED_CAMPAIGNS, messagesEach: 500 });
    const pace = await runPaced(dataSource, PACED_SECONDS);
    console.log(`paced: slowest campaign ${pace.slowestPerMinute.toFixed(1)}/min`);
    figures.atLeast('share-of-rate', (pace.perMinute / RATE) * 100, 98, '%');
    figures.atLeast('gap-p50', pace.gapMs, 180, 'ms');
    figures.atMost('gap-p50', pace.gapMs, 220, 'ms');
    figures.atMost('most-in-any-minute', pace.mostInMinute, RATE, '');
    figures.informational('cpu-at-500-per-second', pace.cpuShare * 100, '%');
  });
}
