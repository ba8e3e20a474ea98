/** Runs kept in memory. Forgetting one only means that the rows are asked once more. */
const KEPT = 10_000;
/** Once somebody was reached, so many times the threshold is no chance; of bad numbers a list may have a longer stretch. */
const LATER_TIMES = 5;
const LATER_TIMES_OF_NUMBERS = 20;

interface Known {
  /** Somebody was reached, or the refusals were of more than one cause. */
  isThrough: boolean;
  /** Refusals in a row for this reason. */
  reason: string;
  count: number;
}

/** What has been refused alike: the messages of a run from the first on, or its last ones. */
export type Alike = { of: 'first' | 'last'; count: number };

/**
 * When the first messages of a run are all refused for one cause, the next ones will be, too, and going on would burn
 * the list; so will they when very many are in a row later. Counts from memory; the database decides
 * (`pauseAllRefused`), so that a process that has just taken the campaign over, or has forgotten, cannot pause one that
 * gets through to somebody.
 */
export class RefusalWatch {
  private readonly runs = new Map<string, Known>();
  private readonly threshold: number;

  /** @param threshold how many alike, from the first on, are no chance */
  constructor(threshold: number) {
    this.threshold = threshold;
  }

  /** @returns what has been refused alike, once it is too much; then it is counted anew */
  refused(run: string, reason: string): Alike | null {
    const before = this.runs.get(run) ?? { isThrough: false, reason, count: 0 };
    const isAlike = before.reason === reason;
    const count = isAlike ? before.count + 1 : 1;
    const isThrough = before.isThrough || !isAlike;
    const later = reason.startsWith('recipient_') ? LATER_TIMES_OF_NUMBERS : LATER_TIMES;
    const enough = this.threshold * (isThrough ? later : 1);
    const isTooMuch = count >= enough;
    this.keep(run, isTooMuch ? { isThrough: true, reason, count: 0 } : { isThrough, reason, count });
    return isTooMuch ? { of: isThrough ? 'last' : 'first', count: enough } : null;
  }

  accepted(run: string): void {
    const known = this.runs.get(run);
    if (!known?.isThrough || known.count > 0) this.keep(run, { isThrough: true, reason: '', count: 0 });
  }

  private keep(run: string, known: Known): void {
    if (this.runs.size >= KEPT && !this.runs.has(run)) this.forget(this.runs.keys().next().value!);
    this.runs.set(run, known);
  }

  forget(run: string): void {
    this.runs.delete(run);
  }
}
