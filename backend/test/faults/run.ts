import type { Account } from './account.ts';
import { FAULTS, QUICK } from './matrix.ts';
import { Skipped } from './skipped.ts';
import { World } from './world.ts';

/**
 * `npm run faults [-- NAME …] [--rounds N | --quick | --nightly]`: real processes, really harmed, checked against the
 * provider's ledger. `--quick` is the part that `npm run check` runs, `--nightly` everything with many rounds.
 */

/** What each figure may be at most, where that is not nought; those of UNJUDGED are told, not judged. */
const GOALS: Record<string, number> = {
  stopMs: 10_000,
  takeOverMs: 10_000,
  recoverMs: 20_000,
  doubtfulPerHit: 1,
};
const UNJUDGED = new Set([
  'rounds',
  'messages',
  'replays',
  'replies',
  'ended',
  'hit',
  'doubtful',
  'mostPerMinute',
]);

const COLUMNS = [
  'rounds',
  'messages',
  'twice',
  'lost',
  'overRate',
  'unaccounted',
  'unknown',
  'miscounted',
  'stuck',
  'leaks',
  'died',
] as const;

type Found = [name: string, result: Account | Skipped | Error];

interface Asked {
  names: string[];
  roundsOf: (name: string) => number;
}

async function main(args: string[]): Promise<number> {
  const asked = read(args);
  if (!asked) {
    console.error(
      `npm run faults [-- NAME …] [--rounds N | --quick | --nightly]; names: ${Object.keys(FAULTS).join(', ')}`,
    );
    return 2;
  }
  const found: Found[] = [];
  for (const name of asked.names) {
    const begun = performance.now();
    const result = await FAULTS[name]!.run(asked.roundsOf(name)).catch((error: Error) => error);
    console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    if (result instanceof Error && !(result instanceof Skipped)) console.error(result);
    found.push([name, result]);
  }
  table(found);
  return figures(found) ? 0 : 1;
}

function read(args: string[]): Asked | null {
  const take = (flag: string) => {
    const at = args.indexOf(flag);
    if (at >= 0) args.splice(at, 1);
    return at >= 0;
  };
  const quick = take('--quick');
  const nightly = take('--nightly');
  const at = args.indexOf('--rounds');
  const rounds = at < 0 ? null : Number(args.splice(at, 2)[1]);
  if (rounds !== null && !(Number.isInteger(rounds) && rounds > 0)) return null;
  const names = args.length > 0 ? args : Object.keys(quick ? QUICK : FAULTS);
  if (names.some((name) => !FAULTS[name])) return null;
  const usual = (name: string) =>
    (quick ? QUICK[name] : undefined) ?? FAULTS[name]![nightly ? 'nightly' : 'rounds'];
  return { names, roundsOf: (name) => rounds ?? usual(name) };
}

function table(found: Found[]): void {
  const line = (name: string, cells: readonly unknown[]) =>
    console.log(name.padEnd(22) + cells.map((cell) => String(cell).padStart(12)).join(''));
  line('fault', COLUMNS);
  for (const [name, result] of found) {
    if (result instanceof Skipped) console.log(`${name.padEnd(22)} skipped: ${result.message}`);
    else line(name, result instanceof Error ? ['broke off'] : COLUMNS.map((column) => result[column]));
  }
}

/** @returns whether every goal was reached */
function figures(found: Found[]): boolean {
  let short = 0;
  const figure = (name: string, value: number, goal: string, ok: boolean) => {
    short += ok ? 0 : 1;
    console.log(`figure: faults/${name} ${Number(value.toFixed(2))} goal ${goal} ${ok ? 'ok' : 'short'}`);
  };
  for (const [name, result] of found) {
    if (result instanceof Skipped) continue;
    if (result instanceof Error) {
      figure(`${name}/broke-off`, 1, '<=0', false);
      continue;
    }
    for (const [key, value] of Object.entries(result) as [string, number][]) {
      const goal = GOALS[key] ?? 0;
      if (UNJUDGED.has(key)) figure(`${name}/${key}`, value, '-', true);
      else figure(`${name}/${key}`, value, `<=${goal}`, value <= goal);
    }
  }
  return short === 0;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void World.closeAll().finally(() => process.exit(130)));
}
process.exitCode = await main(process.argv.slice(2));
