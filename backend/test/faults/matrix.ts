import type { Account } from './account.ts';
import { channelLimit } from './channel-limit.ts';
import { failover } from './failover.ts';
import { killKeyless } from './keyless.ts';
import { kill } from './kill.ts';
import { pauseUnderLoad, postgresKill } from './live.ts';
import { clockDatabase, clockReplica } from './clocks.ts';
import {
  networkCut,
  networkCutAll,
  networkHalfOpen,
  postgresCrash,
  postgresRestart,
} from './database-faults.ts';
import { killAtPoint, POINTS_IN_ALL } from './points.ts';
import { troubledProvider } from './provider.ts';
import { rateChange } from './rate-change.ts';
import { freezeReplica, killReplica } from './replicas.ts';
import { scheduleOnce } from './scheduled.ts';
import { restart, twoStarts } from './starts.ts';
import type { SandboxSettings } from './world.ts';

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

function provider(trouble: SandboxSettings, well: SandboxSettings): Fault {
  return { rounds: 2, nightly: 10, run: (rounds) => troubledProvider(rounds, trouble, well) };
}

export const FAULTS: Record<string, Fault> = {
  'kill-replica': { rounds: 10, nightly: 100, run: killReplica },
  'kill-at-point': { rounds: POINTS_IN_ALL, nightly: POINTS_IN_ALL * 5, run: killAtPoint },
  'kill-keyless': { rounds: 5, nightly: 40, run: killKeyless },
  'freeze-replica': { rounds: 2, nightly: 10, run: freezeReplica },
  kill: { rounds: 5, nightly: 40, run: (rounds) => kill(rounds) },
  'kill-provider-faults': { rounds: 5, nightly: 40, run: (rounds) => kill(rounds, BAD_PROVIDER) },
  'two-starts': { rounds: 5, nightly: 10, run: (rounds) => twoStarts(rounds, 3) },
  restart: { rounds: 3, nightly: 10, run: restart },
  'pause-under-load': { rounds: 5, nightly: 20, run: pauseUnderLoad },
  'postgres-kill': { rounds: 5, nightly: 20, run: postgresKill },
  'postgres-restart': { rounds: 3, nightly: 20, run: postgresRestart },
  'postgres-crash': { rounds: 3, nightly: 20, run: postgresCrash },
  failover: { rounds: 2, nightly: 10, run: failover },
  'network-cut': { rounds: 3, nightly: 20, run: networkCut },
  'network-cut-all': { rounds: 3, nightly: 20, run: networkCutAll },
  'network-half-open': { rounds: 2, nightly: 10, run: networkHalfOpen },
  'clock-replica': { rounds: 1, nightly: 3, run: clockReplica },
  'clock-database': { rounds: 1, nightly: 3, run: clockDatabase },
  'schedule-once': { rounds: 1, nightly: 5, run: scheduleOnce },
  'channel-limit': { rounds: 10, nightly: 40, run: channelLimit },
  'rate-change': { rounds: 1, nightly: 5, run: rateChange },
  'provider-late': provider({ latencyMs: 6500 }, { latencyMs: 20 }),
  'provider-resets': provider({ resetAfterAccept: 1 }, { resetAfterAccept: 0 }),
  'provider-429': provider({ rate429: 1, retryAfterSeconds: 2 }, { rate429: 0 }),
  'provider-500': provider({ rate500: 1 }, { rate500: 0 }),
  'provider-hangs': provider({ hangAfterAccept: 1 }, { hangAfterAccept: 0 }),
  'provider-silent': provider({ silentShare: 1 }, { silentShare: 0 }),
};

/** What every check of the product runs, and how often: about two minutes. */
export const QUICK: Record<string, number> = { 'kill-replica': 10 };
