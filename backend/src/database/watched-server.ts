import type { ChildProcess } from 'node:child_process';
import { Logger } from '@nestjs/common';
import pg from 'pg';

/** How long a start may take for its recovery after a kill. */
const READY_MS = 60_000;
/** Before another try, in ms: the children of a killed server still hold its memory for a moment. */
const AGAIN_MS = 500;
const AGAIN_AT_MOST_MS = 10_000;

/**
 * A server of ours that has to be there as long as we are:
 *
 *   running ──it ends by itself──▶ starting again, until it answers ──▶ running
 *      └──────────stop──────────▶ stopped ◀──────────stop──────────────┘
 */
export class WatchedServer {
  private readonly logger = new Logger('PostgreSQL');
  private stopping = false;
  private restarting: Promise<void> | null = null;

  /**
   * @param child answers already
   * @param start spawns it anew, reachable at the same address
   */
  constructor(
    private child: ChildProcess,
    private readonly start: () => ChildProcess,
    private readonly url: string,
  ) {
    this.watch();
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await endChild(this.child);
    await this.restarting;
  }

  private watch(): void {
    const { child } = this;
    const ended = () => {
      if (!this.stopping) this.restarting = this.restart();
    };
    if (isRunning(child)) child.once('exit', ended);
    else ended();
  }

  private async restart(): Promise<void> {
    this.logger.warn('it ended by itself and is started again');
    for (let wait = AGAIN_MS; !this.stopping; wait = Math.min(wait * 2, AGAIN_AT_MOST_MS)) {
      this.child = this.start();
      if (await answers(this.child, this.url)) return this.watch();
      await endChild(this.child);
      if (!this.stopping) await pause(wait);
    }
  }
}

/** Waits until it takes connections; false where it ended instead. */
export async function answers(child: ChildProcess, url: string): Promise<boolean> {
  const deadline = Date.now() + READY_MS;
  while (isRunning(child) && Date.now() < deadline) {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return true;
    } catch {
      await pause(30);
    }
  }
  return false;
}

/** No number where it could not be started at all. */
function isRunning(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

/** In order; resolves when it has ended. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  await ended;
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
