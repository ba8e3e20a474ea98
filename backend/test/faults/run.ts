import type { Account } from './account.ts';
import { kill } from './kill.ts';
import { pauseUnderLoad, postgresKill } from './live.ts';
import { restart, twoStarts } from './starts.ts';
import { World } from './world.ts';

/**
 * Receipts come later than a lease ends (8 s; "sent" is told after a fifth of the delay). Quick ones, as in `kill`,
 * settle a message before it would be asked again, and the asking again would hardly be tried.
 */
const BAD_PROVIDER = {
  receipts: { delayMs: 50_000 },
  resetAfterAccept: 0.02,
  rate503: 0.05,
  rate429: 0.02,
};

/** `npm run faults [-- NAME] [--rounds N]`: real processes, really harmed, checked against the provider's ledger. */
const FAULTS: Record<string, { rounds: number; run(rounds: number): Promise<Account> }> = {
  kill: { rounds: 5, run: (rounds) => kill(rounds) },
  'kill-provider-faults': { rounds: 5, run: (rounds) => kill(rounds, BAD_PROVIDER) },
  'two-starts': { rounds: 5, run: (rounds) => twoStarts(rounds, 3) },
  restart: { rounds: 3, run: restart },
  'pause-under-load': { rounds: 5, run: pauseUnderLoad },
  'postgres-kill': { rounds: 5, run: postgresKill },
};

/** What each figure may be at most; those of UNJUDGED are told, not judged. */
const GOALS: Record<string, number> = { stopMs: 10_000 };
const UNJUDGED = new Set(['rounds', 'messages', 'replays', 'replies', 'ended']);

const COLUMNS = ['rounds', 'messages', 'twice', 'lost', 'overRate', 'unaccounted', 'unknown'] as const;

async function main(args: string[]): Promise<number> {
  const at = args.indexOf('--rounds');
  const rounds = at < 0 ? null : Number(args.splice(at, 2)[1]);
  const names = args.length > 0 ? args : Object.keys(FAULTS);
  const strange = names.find((name) => !FAULTS[name]);
  if (strange !== undefined || (rounds !== null && !(Number.isInteger(rounds) && rounds > 0))) {
    console.error(`npm run faults [-- NAME …] [--rounds N]; names: ${Object.keys(FAULTS).join(', ')}`);
    return 2;
  }
  const found: [string, Account | Error][] = [];
  for (const name of names) {
    const begun = performance.now();
    const result = await FAULTS[name]!.run(rounds ?? FAULTS[name]!.rounds).catch((error: Error) => error);
    console.error(`${name}: ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    if (result instanceof Error) console.error(result);
    found.push([name, result]);
  }
  table(found);
  return figures(found) ? 0 : 1;
}

function table(found: [string, Account | Error][]): void {
  const line = (name: string, cells: readonly unknown[]) =>
    console.log(name.padEnd(22) + cells.map((cell) => String(cell).padStart(12)).join(''));
  line('fault', COLUMNS);
  for (const [name, result] of found) {
    line(name, result instanceof Error ? ['broke off'] : COLUMNS.map((column) => result[column]));
  }
}

/** @returns whether every goal was reached */
function figures(found: [string, Account | Error][]): boolean {
  let short = 0;
  const figure = (name: string, value: number, goal: string, ok: boolean) => {
    short += ok ? 0 : 1;
    console.log(`figure: faults/${name} ${Math.round(value)} goal ${goal} ${ok ? 'ok' : 'short'}`);
  };
  for (const [name, result] of found) {
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
