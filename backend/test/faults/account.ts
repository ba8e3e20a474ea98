import type { Campaign } from '../../../contract/campaign.ts';
import { accountAddsUp, type RowAccount } from '../../../contract/message-states.ts';
import { LATENESS, SPREAD, spacing } from '../../src/dispatch/pacing.ts';
import { until } from './waiting.ts';
import type { World } from './world.ts';

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
  /** Numbers on the screen that are not those of the rows. */
  miscounted: number;
  /** Campaigns that run with nothing left to do, and grants that nobody will end. */
  stuck: number;
  /** Log lines that tell a whole number or a secret. */
  leaks: number;
  /** Backends that ended though nobody ended them. */
  died: number;
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
  campaigns: readonly { id: number }[],
  withinMs: number,
  isOver: (campaign: Campaign) => boolean = isSettled,
): Promise<void> {
  const open = new Set(campaigns.map(({ id }) => id));
  const allOver = async () => {
    for (const id of open) {
      // Right after a kill nobody answers.
      const campaign = await world.get(id).catch(() => null);
      if (campaign && isOver(campaign)) open.delete(id);
    }
    return open.size === 0;
  };
  await until(`campaigns ${[...open].join(', ')} complete`, withinMs, allOver, 200).catch(
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
    miscounted: 0,
    stuck: await stuck(world, campaigns),
    leaks: world.leaks.length,
    died: world.died.length,
  };
  for (const output of world.died) console.error(`a backend ended by itself: ${output.slice(-2000)}`);
  for (const line of world.leaks.slice(0, 3)) console.error(`a line that tells too much: ${line}`);
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
    sum.miscounted += await miscounted(world, id, account);
  }
  return sum;
}

/** What the screen shows, against the messages themselves: in how many of the states the two differ. */
async function miscounted(world: World, id: number, shown: RowAccount): Promise<number> {
  const rows = await world.query<{ state: string; count: number }>(
    `select m.state, count(*)::int from campaign c join message m on m.account_id = c.account_id
        and m.campaign_id = c.id and m.run = c.run
      where c.account_id = 1 and c.id = $1 group by m.state`,
    [id],
  );
  const counted = new Map(rows.map(({ state, count }) => [state, count]));
  const differ = (['sent', 'delivered', 'read', 'failed', 'unknown', 'cancelled', 'stopped'] as const).filter(
    (state) => shown[state] !== (counted.get(state) ?? 0),
  );
  const waiting = shown.queued + shown.sending !== (counted.get('queued') ?? 0);
  return differ.length + (waiting ? 1 : 0);
}

/** After every campaign has completed: what still looks as if it were under way. */
async function stuck(world: World, campaigns: readonly Started[]): Promise<number> {
  const ids = campaigns.map(({ id }) => id);
  const [found] = await world.query<{ running: number; grants: number }>(
    `select (select count(*)::int from campaign c where c.account_id = 1 and c.id = any ($1::int[]) and c.state = 'running'
                and not exists (select from message m where m.account_id = 1 and m.campaign_id = c.id and m.run = c.run
                                   and m.state = 'queued')) as running,
            (select count(*)::int from dispatch_grant where account_id = 1 and campaign_id = any ($1::int[])) as grants`,
    [ids],
  );
  return found!.running + found!.grants;
}

/** How late an answer to a claim and the way to the provider may make a message look, in ms, on a busy machine. */
export const JITTER_MS = 250;

/**
 * @param times of acceptance, in order
 * @returns how many were too many: in any 60 seconds by the promise, in any 10 by the rule it is kept with
 */
export function overRate(times: readonly number[], rate: number): number {
  const inTenSeconds = Math.floor((10 + LATENESS + SPREAD + JITTER_MS / 1000) / spacing(rate)) + 1;
  return Math.max(0, mostWithin(times, 60_000) - rate, mostWithin(times, 10_000) - inTenSeconds);
}

export function mostWithin(times: readonly number[], ms: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= ms) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
