import { performance } from 'node:perf_hooks';
import type { Grant, GrantedRow } from './claim.ts';
import { slotOf, type Slot } from './pacing.ts';

/**
 * A grant while this process holds it. Each of its messages is in one of three places, and `take` is the only way out
 * of the first:
 *
 *   waiting for its slot ──take──▶ decided without a provider, or given back
 *            └───────────take──▶ on its way ──▶ answered
 */
export class GrantInHand {
  readonly grant: Grant;
  /** What it goes through, once that is known. */
  channel: string | null = null;
  /** Messages that have left and wait for their answer. */
  onTheWay = 0;
  halted = false;
  /** Its provider knows no keys: an attempt is on disk before each message leaves. */
  keepsAttempts = false;
  /** Of an abandoned one: what its former holder may have sent. Null: any of it. */
  attempted: ReadonlySet<number> | null = null;
  /** Null: nothing of it was given back. */
  giveBackAfterMs: number | null = null;
  private readonly waiting: Map<number, GrantedRow>;
  private timer: NodeJS.Timeout | null = null;
  /** Messages whose fate is not decided yet. */
  private open: number;

  constructor(grant: Grant, rows: readonly GrantedRow[]) {
    this.grant = grant;
    this.waiting = new Map(rows.map((row) => [row.position, row]));
    this.open = rows.length;
  }

  get isDone(): boolean {
    return this.open === 0;
  }

  get waitingRows(): GrantedRow[] {
    return [...this.waiting.values()];
  }

  isWaiting(row: GrantedRow): boolean {
    return this.waiting.has(row.position);
  }

  /** It may have left before this grant was handed out, or in the hands of its former holder. */
  mayHaveLeft(row: GrantedRow): boolean {
    return row.inDoubt || (this.grant.abandoned && this.attempted?.has(row.position) !== false);
  }

  /** @returns false where somebody else has taken it already: it must not be decided twice */
  take(row: GrantedRow): boolean {
    return this.waiting.delete(row.position);
  }

  decided(): void {
    this.open -= 1;
  }

  /** Calls `send` for one message after another, each at the beginning of its slot. */
  atSlots(claimLeft: number, claimAnswered: number, send: (row: GrantedRow, slot: Slot) => void): void {
    const rows = this.waitingRows;
    let next = 0;
    const wait = () => {
      if (next >= rows.length || this.halted) return;
      const row = rows[next]!;
      const slot = slotOf(next, this.grant.rate, claimLeft, claimAnswered);
      next += 1;
      this.timer = setTimeout(
        () => {
          send(row, slot);
          wait();
        },
        Math.max(0, slot.from - performance.now()),
      );
    };
    wait();
  }

  halt(): void {
    this.halted = true;
    if (this.timer) clearTimeout(this.timer);
  }
}
