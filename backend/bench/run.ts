import { dispatchBench } from './dispatch.bench.ts';
import { Figures } from './figures.ts';
import { importBench } from './import.bench.ts';
import { lengthsBench } from './lengths.bench.ts';
import { outcomesBench } from './outcomes.bench.ts';
import { pacingBench } from './pacing.bench.ts';
import { paintBench } from './paint.bench.ts';
import { reportBench } from './report.bench.ts';

/** `npm run bench -- NAME`: one benchmark against its rival, in one run on one machine. */
const BENCHES: Record<string, { about: string; run(figures: Figures, wanted: string[]): Promise<void> }> = {
  import: {
    about: 'a 10 MB file to contacts against a plain COPY, and against the usual way of doing it',
    run: importBench,
  },
  report: { about: 'the report of 600,000 rows against COPY TO of the same rows', run: reportBench },
  dispatch: {
    about: 'draining a queue against graphile-worker, pg-boss, bare updates and bare HTTP requests',
    run: dispatchBench,
  },
  pacing: {
    about: 'the rate of 1, 100, 1000, 5000 campaigns; big, snapshot [--long], idle: all, or those named',
    run: pacingBench,
  },
  lengths: {
    about: 'the lengths of a text on 600,000 rows, from its edit to the exact figures',
    run: lengthsBench,
  },
  paint: {
    about: 'the card on a slow telephone: until something is drawn, and what jumps meanwhile',
    run: paintBench,
  },
  outcomes: { about: 'outcomes written in place against outcomes appended', run: outcomesBench },
};

const name = process.argv[2];
const bench = BENCHES[name ?? ''];
if (bench) {
  const figures = new Figures(name!);
  await bench.run(figures, process.argv.slice(3));
  process.exitCode = figures.print() ? 0 : 1;
} else {
  for (const [each, { about }] of Object.entries(BENCHES)) console.log(`${each.padEnd(10)}${about}`);
  if (name !== undefined) {
    console.error(`There is no benchmark "${name}".`);
    process.exitCode = 1;
  }
}
