/** What waits for its turn. */
export interface Waiting {
  /** It came to its end while it waited: it needs no turn any more. */
  readonly isOver: boolean;
  /** Its turn has come; by `free` it gives it back, once. */
  begin(): void;
}

interface Line {
  taken: number;
  /** Those that wait: the last of `next` is the first to begin, then come those of `arrived` in their order. */
  next: Waiting[];
  arrived: Waiting[];
}

/**
 * At most so many under way of each kind; the others wait in the order in which they came. Tens of thousands may
 * wait: a place in line costs nothing but itself, no promise and no closure.
 */
export class Turns {
  private readonly lines = new Map<string, Line>();
  private freed: string[] = [];

  /** @param most under way at once of one kind */
  constructor(private readonly most: number) {}

  /** It begins at once, or when its turn has come. */
  take(kind: string, each: Waiting): void {
    let line = this.lines.get(kind);
    if (!line) this.lines.set(kind, (line = { taken: 0, next: [], arrived: [] }));
    if (line.taken >= this.most) line.arrived.push(each);
    else {
      line.taken += 1;
      each.begin();
    }
  }

  /** One that had begun is over. The next begins a little later: who says so may be in the midst of something. */
  free(kind: string): void {
    if (this.freed.push(kind) === 1) void Promise.resolve().then(() => this.passOn());
  }

  private passOn(): void {
    const freed = this.freed;
    this.freed = [];
    for (const kind of freed) {
      const line = this.lines.get(kind)!;
      const next = nextOf(line);
      if (next) next.begin();
      else if (--line.taken === 0) this.lines.delete(kind);
    }
  }
}

function nextOf(line: Line): Waiting | undefined {
  for (;;) {
    if (line.next.length === 0) {
      line.next = line.arrived.reverse();
      line.arrived = [];
    }
    const next = line.next.pop();
    if (!next?.isOver) return next;
  }
}
