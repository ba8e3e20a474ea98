/**
 * How each channel is doing, as this process sees it: pure, the time comes in as an argument (milliseconds of the
 * monotonic clock). A channel's gate closes for everybody who goes through it, and for nobody else:
 *   - told to slow down, it closes for the time the provider named, and from then on lets through half as much,
 *     winning it back within the next minute (multiplicative decrease);
 *   - not answering, or turning away everybody for later, it closes for 1, 2, 4 … 60 seconds, and is then tried by one campaign before the others.
 */

/** Calls in a row that came to nothing after which a channel counts as out of order. One may be chance. */
const FAILURES = 3;
const LONGEST_BACK_OFF_MS = 60_000;
/** A trial whose answer is not known after this long no longer keeps the others waiting. */
const TRIAL_MS = 10_000;
/** How often those behind a closed gate look again, at least. */
const LOOK_AGAIN_MS = 500;
/** The least share of the rate that is left to a channel told to slow down again and again. */
const LEAST_FACTOR = 1 / 64;
/** In this time a slowed channel wins back twice its share. Longer would let a few stray answers hold a channel down for good. */
const RECOVERY_MS = 10_000;
/** Answers to what was on its way together count as one. */
const SAME_WORD_MS = 1000;

interface Gate {
  closedUntil: number;
  failures: number;
  failingSince: number | null;
  /** Until when one campaign tries the channel and the others wait; null: nobody does. */
  trialUntil: number | null;
  factor: number;
  slowedAt: number;
}

export class ChannelGates {
  private readonly gates = new Map<string, Gate>();

  /** @returns 0 when a campaign may go on, or else after how many milliseconds to ask again */
  admit(channel: string, now: number): number {
    const gate = this.gates.get(channel);
    if (!gate) return 0;
    if (gate.closedUntil > now) return gate.closedUntil - now;
    if (gate.failures < FAILURES) return 0;
    if (gate.trialUntil !== null && gate.trialUntil > now) return LOOK_AGAIN_MS;
    gate.trialUntil = now + TRIAL_MS;
    return 0;
  }

  /** The share of its rate that a campaign of this channel may use: 1 unless it was told to slow down. */
  share(channel: string, now: number): number {
    const gate = this.gates.get(channel);
    if (!gate || gate.factor === 1) return 1;
    return Math.min(1, gate.factor * 2 ** ((now - gate.slowedAt) / RECOVERY_MS));
  }

  /** The provider asked for a pause of so many milliseconds. */
  slowDown(channel: string, afterMs: number, now: number): void {
    const gate = this.gate(channel);
    this.hasAnswered(gate);
    gate.closedUntil = Math.max(gate.closedUntil, now + afterMs);
    if (now - gate.slowedAt < SAME_WORD_MS) return;
    gate.factor = Math.max(LEAST_FACTOR, this.share(channel, now) / 2);
    gate.slowedAt = now;
  }

  /** No answer, no connection, or "later". @returns for how long the channel has been failing, in ms; 0 while it may be chance */
  failed(channel: string, now: number): number {
    const gate = this.gate(channel);
    gate.failures += 1;
    gate.failingSince ??= now;
    if (gate.failures < FAILURES) return 0;
    // What was on its way when the gate closed fails with it, and must not close it for longer.
    if (gate.closedUntil <= now) {
      const trials = gate.failures - FAILURES;
      gate.closedUntil = now + Math.min(LONGEST_BACK_OFF_MS, 1000 * 2 ** Math.min(trials, 10));
      gate.trialUntil = null;
    } else gate.failures -= 1;
    return Math.max(1, now - gate.failingSince);
  }

  /** Nobody has got through for some time: what is turned away now is not turned away for its own sake. */
  isOutOfOrder(channel: string): boolean {
    return (this.gates.get(channel)?.failures ?? 0) >= FAILURES;
  }

  /** Any answer of the provider shows that it is there. */
  answered(channel: string, now: number): void {
    const gate = this.gates.get(channel);
    if (!gate) return;
    this.hasAnswered(gate);
    if (gate.closedUntil <= now && this.share(channel, now) === 1) this.gates.delete(channel);
  }

  private hasAnswered(gate: Gate): void {
    // What it was closed for is over; a pause that the provider asked for is not.
    if (gate.failures >= FAILURES) gate.closedUntil = 0;
    gate.failures = 0;
    gate.failingSince = null;
    gate.trialUntil = null;
  }

  private gate(channel: string): Gate {
    let gate = this.gates.get(channel);
    if (!gate) {
      gate = {
        closedUntil: 0,
        failures: 0,
        failingSince: null,
        trialUntil: null,
        factor: 1,
        slowedAt: -Infinity,
      };
      this.gates.set(channel, gate);
    }
    return gate;
  }
}
