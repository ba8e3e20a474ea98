/** Milliseconds since the epoch with fractions, never going back: rates are measured by it. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

export function instant(at: number): string {
  return new Date(at).toISOString();
}

interface Task {
  at: number;
  run: () => void;
}

/**
 * Everything that happens later (receipts, replies, webhook retries) in one heap behind one timer, so that
 * half a million pending receipts cost half a million small objects and not as many timers.
 */
export class Scheduler {
  private readonly heap: Task[] = [];
  private timer: NodeJS.Timeout | null = null;
  private timerAt = Infinity;
  private stopped = false;

  get pending(): number {
    return this.heap.length;
  }

  after(delayMs: number, run: () => void): void {
    if (this.stopped) return;
    const task = { at: now() + delayMs, run };
    const { heap } = this;
    let i = heap.push(task) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (heap[parent]!.at <= task.at) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = task;
    if (task.at < this.timerAt) this.arm();
  }

  stop(): void {
    this.stopped = true;
    this.heap.length = 0;
    if (this.timer) clearTimeout(this.timer);
  }

  private arm(): void {
    if (this.timer) clearTimeout(this.timer);
    const next = this.heap[0];
    this.timerAt = next ? next.at : Infinity;
    this.timer = next ? setTimeout(() => this.runDue(), Math.max(0, next.at - now())) : null;
  }

  private runDue(): void {
    // A bounded batch per turn: a thousand receipts due at once must not hold up the requests coming in.
    for (let done = 0; done < 500 && this.heap[0] && this.heap[0].at <= now(); done += 1) this.take().run();
    if (!this.stopped) this.arm();
  }

  private take(): Task {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return first;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= size) break;
      if (child + 1 < size && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
    return first;
  }
}
