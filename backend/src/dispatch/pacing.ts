/**
 * The pacing rule. A campaign's row holds `due_at`; a grant of M messages is given when now >= due_at, and then
 *   due_at := max(due_at, now - LATENESS) + M × T,   T = (60 s + LATENESS + SPREAD) / rate.
 * Message i of a grant leaves no earlier than i × T after the grant and at most SPREAD after that, or not at all
 * (it is given back). Two messages k places apart are then at least k × T - LATENESS - SPREAD apart, so that fewer
 * than `rate` places fit into less than 60 s: at most `rate` messages in any 60-second window, whatever the
 * grants' sizes. The price is (LATENESS + SPREAD) / 60 s, under 1 % of the rate.
 */

/** How late a grant may come without the rate losing by it, in seconds. Less costs rate when a tick is late; more costs rate always. */
export const LATENESS = 0.25;
/** How long after its slot a message may still leave, in seconds. */
export const SPREAD = 0.25;
/** Kept free of SPREAD for the way to the provider, in seconds: the window is counted where messages arrive. */
export const WIRE = 0.05;

/** What the rule spreads `rate` messages over, in seconds: the minute and its price. */
export const WINDOW = 60 + LATENESS + SPREAD;

/** Seconds between two messages at a rate per minute. */
export function spacing(rate: number): number {
  return WINDOW / rate;
}

/** Messages in one grant: about a second's worth. More would put more in doubt when a process dies, less costs a write each. */
export function grantSize(rate: number): number {
  return Math.max(1, Math.floor(rate / 60));
}

export interface Slot {
  /** Milliseconds on the monotonic clock: not before, and not after. */
  from: number;
  until: number;
}

/**
 * The slot of the i-th message of a grant. The database gave the grant at a moment between the claim's departure
 * and its answer, both read from this process's monotonic clock: a slot starts counted from the later and ends
 * counted from the earlier, so no two clocks are ever compared.
 */
export function slotOf(i: number, rate: number, claimLeft: number, claimAnswered: number): Slot {
  const offset = i * spacing(rate) * 1000;
  return { from: claimAnswered + offset, until: claimLeft + offset + (SPREAD - WIRE) * 1000 };
}

/** When a queue of so many messages will be empty at a rate, in seconds. */
export function duration(messages: number, rate: number): number {
  return messages * spacing(rate);
}
