/**
 * The rule of a channel's limit, over all campaigns that use it. Its row holds `due_at`, and the places of the channel
 * are T = CHANNEL_WINDOW / limit apart. A campaign is admitted with M places when the first of them has come:
 *   first := max(due_at, now - LATENESS) <= now, and then due_at := first + M × T.
 * The i-th of its messages leaves i × S after that, where S is the campaign's spacing, and at most SPREAD later. With
 * S >= T (see `fastest`) it is never before its place, and after it by LATENESS + SPREAD + (M - 1) × (S - T) at most,
 * which is less than LATENESS + SPREAD + LONGEST_GRANT. So fewer than `limit` places fit into what less than 60 s can
 * hold: at most `limit` messages in any 60-second window, whoever is admitted, in whatever order, by whatever process.
 *
 * A single message outside any campaign may take a place that is still to come, and leaves when it has come.
 *
 * Shares say who is admitted how often. They make it fair, and nothing that is wrong about them can break the limit.
 */
import { grantSize, WINDOW } from './pacing.ts';

/** How long after the first message of a grant the last may have its slot, in seconds: 5 at 300 a minute take 0.81 s. */
export const LONGEST_GRANT = 0.85;

/** How far ahead a single message may take its place, in seconds: a person waits for it. */
export const LONGEST_TURN = 3;

/** What the rule spreads the limit over, in seconds: the minute and its price. */
export const CHANNEL_WINDOW = WINDOW + LONGEST_GRANT;

/**
 * The part of the channel's places that is shared out. All of them would let campaigns queue for ever longer; less
 * would leave more of the limit unused.
 */
const SHARED_OUT = 0.99;

/** The limit a host's `per_second` stands for, in whole messages a minute where there is at least one. */
export function perMinute(perSecond: number): number {
  const exact = perSecond * 60;
  // 60 × 0.55 is 33.00000000000001, and other products fall short by as much.
  return exact < 1 ? exact : Math.floor(exact + 1e-6);
}

/** The rate, per minute, above which a campaign's messages would come before their places in the channel. */
export function fastest(limit: number): number {
  return (limit * WINDOW) / CHANNEL_WINDOW;
}

/**
 * Max-min fair shares of a limit, per minute: nobody gets more than its rate, and what one does not need goes to the
 * others in equal parts.
 * @param rates of all running campaigns of the channel, per minute
 * @returns the shares in the same order; below 1 where there are more campaigns than the limit has messages
 */
export function fairShares(rates: readonly number[], limit: number): number[] {
  const shares = new Array<number>(rates.length);
  let left = fastest(limit) * SHARED_OUT;
  let waiting = rates.length;
  const smallestFirst = rates.map((_, at) => at).sort((a, b) => rates[a]! - rates[b]!);
  for (const at of smallestFirst) {
    const share = Math.min(rates[at]!, left / waiting);
    shares[at] = share;
    left = Math.max(0, left - share);
    waiting -= 1;
  }
  return shares;
}

/** How many places a campaign with this share asks for at once. */
export function placesFor(share: number): number {
  return grantSize(share);
}
