/**
 * A time limit that is the same for all, so that they run out in the order in which they began: one timer serves
 * thousands. With a timer and an AbortSignal for each, clearing up after them was a quarter of what a message cost.
 */
export class Deadlines<T> {
  /** When each runs out, on the monotonic clock, the first to run out first. */
  private readonly running = new Map<T, number>();
  private timer: NodeJS.Timeout | null = null;
  private onEmpty: (() => void)[] = [];

  /**
   * @param limitMs how long each may take
   * @param expire called with each that was not taken out in time. It must not throw
   */
  constructor(
    private readonly limitMs: number,
    private readonly expire: (each: T) => void,
  ) {}

  add(each: T): void {
    this.running.set(each, performance.now() + this.limitMs);
    if (!this.timer) this.wait(this.limitMs);
  }

  delete(each: T): void {
    this.running.delete(each);
    if (this.running.size > 0) return;
    for (const done of this.onEmpty.splice(0)) done();
  }

  /** Waits until none is left, which takes no longer than the limit. */
  async emptied(): Promise<void> {
    if (this.running.size > 0) await new Promise<void>((done) => this.onEmpty.push(done));
  }

  /** Once set it is left to ring, if for nothing: that costs less than setting it with every request. */
  private wait(ms: number): void {
    this.timer = setTimeout(() => this.ring(), Math.ceil(ms)).unref();
  }

  private ring(): void {
    this.timer = null;
    const now = performance.now();
    for (const [each, end] of this.running) {
      if (end > now) return this.wait(end - now);
      this.delete(each);
      this.expire(each);
    }
  }
}
