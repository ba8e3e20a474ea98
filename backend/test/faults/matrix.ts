import type { Account } from './account.ts';
import { kill } from './kill.ts';
import { pauseUnderLoad, postgresKill } from './live.ts';
import { freezeReplica, killReplica } from './replicas.ts';
import { restart, twoStarts } from './starts.ts';

export interface Fault {
  /** How often the harm is done. */
  rounds: number;
  nightly: number;
  run(rounds: number): Promise<Account>;
}

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

export const FAULTS: Record<string, Fault> = {
  'kill-replica': { rounds: 10, nightly: 100, run: killReplica },
  'freeze-replica': { rounds: 2, nightly: 10, run: freezeReplica },
  kill: { rounds: 5, nightly: 40, run: (rounds) => kill(rounds) },
  'kill-provider-faults': { rounds: 5, nightly: 40, run: (rounds) => kill(rounds, BAD_PROVIDER) },
  'two-starts': { rounds: 5, nightly: 10, run: (rounds) => twoStarts(rounds, 3) },
  restart: { rounds: 3, nightly: 10, run: restart },
  'pause-under-load': { rounds: 5, nightly: 20, run: pauseUnderLoad },
  'postgres-kill': { rounds: 5, nightly: 20, run: postgresKill },
};

/** What every check of the product runs, and how often: about two minutes. */
export const QUICK: Record<string, number> = { 'kill-replica': 10 };
