import type { Response } from 'express';

/** A reader that takes nothing of what it was sent for so long is cut off, in ms. */
export const STALL_MS = 10_000;

const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  // A proxy that collects answers would hold every event back.
  'X-Accel-Buffering': 'no',
};

/**
 * One reader's stream of server-sent events. An event is whole by itself, so nothing is kept for a slow reader but
 * the last one; who takes nothing at all is cut off.
 */
export class EventStream {
  private waiting: string | null = null;
  /** In ms since 1970; null while the reader keeps up. */
  private stalledSince: number | null = null;

  constructor(
    private readonly response: Response,
    /** In ms since 1970: until when its token holds. */
    readonly expiresAt: number,
  ) {
    response.status(200).set(HEADERS).flushHeaders();
    response.on('drain', () => this.goOn());
  }

  get isOpen(): boolean {
    return !this.response.writableEnded && !this.response.destroyed;
  }

  send(name: string, data: string): void {
    this.write(`event: ${name}\ndata: ${data}\n\n`);
  }

  /** Shows that it is alive, or gives up on a reader that is not. @param now ms since 1970 */
  beat(now: number): void {
    if (!this.response.writableNeedDrain) return this.write(':\n\n');
    this.stalledSince ??= now;
    if (now - this.stalledSince >= STALL_MS) this.response.destroy();
  }

  /** The reader is to come again, with a token that holds. What a slow one has not taken is not waited for. */
  end(): void {
    if (!this.isOpen) return;
    if (this.response.writableNeedDrain) this.response.destroy();
    else this.response.end();
  }

  private write(text: string): void {
    if (!this.isOpen) return;
    if (this.response.writableNeedDrain) this.waiting = text;
    else this.response.write(text);
  }

  private goOn(): void {
    this.stalledSince = null;
    const next = this.waiting;
    this.waiting = null;
    if (next !== null) this.write(next);
  }
}
