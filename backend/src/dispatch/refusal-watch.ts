/** Runs kept in memory. Forgetting one only means that the rows are asked once more. */
const KEPT = 10_000;

/**
 * When the first messages of a run are all refused for one cause, the next ones will be, too, and going on would burn
 * the list. Counts from memory; the database decides (`pauseAllRefused`), so that a process that has just taken the
 * campaign over, or has forgotten, cannot pause one that got through to somebody.
 */
export class RefusalWatch {
  private readonly runs = new Map<string, { reason: string; count: number } | 'through'>();
  private readonly threshold: number;

  /** @param threshold how many alike, from the first on, are no chance */
  constructor(threshold: number) {
    this.threshold = threshold;
  }

  /** @returns true once, when the run's first messages have all been refused for this reason */
  refused(run: string, reason: string): boolean {
    const known = this.runs.get(run);
    if (known === 'through') return false;
    if (known && known.reason !== reason) {
      this.keep(run, 'through');
      return false;
    }
    const count = (known?.count ?? 0) + 1;
    this.keep(run, count < this.threshold ? { reason, count } : 'through');
    return count >= this.threshold;
  }

  accepted(run: string): void {
    if (this.runs.get(run) !== 'through') this.keep(run, 'through');
  }

  private keep(run: string, known: { reason: string; count: number } | 'through'): void {
    if (this.runs.size >= KEPT && !this.runs.has(run)) this.forget(this.runs.keys().next().value!);
    this.runs.set(run, known);
  }

  forget(run: string): void {
    this.runs.delete(run);
  }
}
