import type { Campaign } from '../../../contract/campaign.ts';
import { accountAddsUp } from '../../../contract/message-states.ts';
import { LATENESS, SPREAD, spacing } from '../../src/dispatch/pacing.ts';
import { until, type World } from './world.ts';

/** What a scenario comes to: every number but `messages`, `rounds` and `replays` is to be nought. */
export interface Account {
  rounds: number;
  messages: number;
  /** Asked again with the same key: shows that the fault did hit messages on their way. */
  replays: number;
  /** Accepted a second time, by the provider's ledger. */
  twice: number;
  /** Never accepted, though nobody refused or cancelled them. */
  lost: number;
  /** Accepted in some 60 seconds beyond the rate, or in some 10 beyond what the pacing rule allows. */
  overRate: number;
  /** Rows that the account does not show as sent, delivered or read, or that do not add up. */
  unaccounted: number;
  unknown: number;
}

export interface Started {
  id: number;
  messages: number;
  rate: number;
}

export function refOf(id: number): string {
  return `1:${id}:1`;
}

/** Waits until all have completed and every receipt has arrived. */
export async function completed(
  world: World,
  campaigns: readonly Started[],
  withinMs: number,
): Promise<void> {
  const open = new Set(campaigns.map(({ id }) => id));
  const isOver = async () => {
    for (const id of open) {
      // Right after a kill nobody answers.
      const campaign = await world.get(id).catch(() => null);
      if (campaign && isSettled(campaign)) open.delete(id);
    }
    return open.size === 0;
  };
  await until(`campaigns ${[...open].join(', ')} complete`, withinMs, isOver, 200).catch(
    async (error: unknown) => {
      const left = await Promise.all([...open].map((id) => world.get(id).catch(String)));
      throw new Error(
        `${(error as Error).message}\n${left.map((each) => JSON.stringify(typeof each === 'string' ? each : { id: each.id, state: each.state, reason: each.pauseReason, account: each.progress.account })).join('\n')}`,
      );
    },
  );
}

function isSettled({ state, progress: { account } }: Campaign): boolean {
  return state === 'completed' && account.sent === 0 && account.sending === 0;
}

/** Sets the provider's ledger against what was asked for and against what the API shows. */
export async function accountOf(
  world: World,
  campaigns: readonly Started[],
  rounds: number,
): Promise<Account> {
  const sum: Account = {
    rounds,
    messages: 0,
    replays: 0,
    twice: 0,
    lost: 0,
    overRate: 0,
    unaccounted: 0,
    unknown: 0,
  };
  for (const { id, messages, rate } of campaigns) {
    const stats = await world.stats(refOf(id));
    const { account } = (await world.get(id)).progress;
    sum.messages += messages;
    sum.replays += stats.replays;
    sum.twice += Math.max(stats.sentTwice, stats.accepted - stats.distinctRefs);
    sum.lost += Math.max(0, messages - stats.distinctRefs);
    sum.overRate += overRate(await world.acceptedAt(refOf(id)), rate);
    const shown = account.sent + account.delivered + account.read;
    sum.unaccounted += Math.abs(messages - shown) + (accountAddsUp(account) ? 0 : 1);
    sum.unknown += account.unknown;
  }
  return sum;
}

/** How late an answer to a claim and the way to the provider may make a message look, in ms, on a busy machine. */
const JITTER_MS = 250;

/**
 * @param times of acceptance, in order
 * @returns how many were too many: in any 60 seconds by the promise, in any 10 by the rule it is kept with
 */
export function overRate(times: readonly number[], rate: number): number {
  const inTenSeconds = Math.floor((10 + LATENESS + SPREAD + JITTER_MS / 1000) / spacing(rate)) + 1;
  return Math.max(0, mostWithin(times, 60_000) - rate, mostWithin(times, 10_000) - inTenSeconds);
}

function mostWithin(times: readonly number[], ms: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= ms) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
