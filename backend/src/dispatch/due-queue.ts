/**
 * When each of this process's campaigns is due next, on the monotonic clock: a binary heap, so that looking after
 * thousands costs nothing while none of them is due.
 */
export class DueQueue<Item> {
  private readonly heap: { at: number; item: Item }[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** @param at milliseconds, as of `performance.now()` */
  add(item: Item, at: number): void {
    let child = this.heap.push({ at, item }) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (this.heap[parent]!.at <= at) break;
      this.swap(parent, child);
      child = parent;
    }
  }

  /** @returns what is due at `now`, the longest overdue first, at most so many */
  take(now: number, limit: number): Item[] {
    const due: Item[] = [];
    while (due.length < limit && this.heap.length > 0 && this.heap[0]!.at <= now) due.push(this.shift());
    return due;
  }

  clear(): void {
    this.heap.length = 0;
  }

  private shift(): Item {
    const { item } = this.heap[0]!;
    const last = this.heap.pop()!;
    if (this.heap.length > 0) {
      this.heap[0] = last;
      this.sink();
    }
    return item;
  }

  private sink(): void {
    for (let parent = 0; ;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      let least = parent;
      if (left < this.heap.length && this.heap[left]!.at < this.heap[least]!.at) least = left;
      if (right < this.heap.length && this.heap[right]!.at < this.heap[least]!.at) least = right;
      if (least === parent) return;
      this.swap(parent, least);
      parent = least;
    }
  }

  private swap(a: number, b: number): void {
    [this.heap[a], this.heap[b]] = [this.heap[b]!, this.heap[a]!];
  }
}
