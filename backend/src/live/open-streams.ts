import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Response } from 'express';
import { HEARTBEAT_MS } from '../../../contract/live.ts';
import type { Config } from '../config.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { CONFIG } from '../tokens.ts';
import { EventStream } from './event-stream.ts';

/** How often streams are looked at for tokens that have run out, in ms. */
const LOOK_MS = 1000;

/** The streams of this process: so many and no more, each ended with its token, all of them before the process stops. */
@Injectable()
export class OpenStreams implements OnModuleDestroy {
  private readonly open = new Map<EventStream, number>();
  private timer: NodeJS.Timeout | undefined;
  private beatAt = 0;
  private stopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'liveStreams' | 'liveStreamsPerAccount'>,
  ) {}

  /**
   * @param onEnd once, whoever ends it
   * @throws ProblemError `too_many_streams`: the reader asks from time to time instead
   */
  begin({ accountId, expiresAt }: Caller, response: Response, onEnd: () => void): EventStream {
    const { liveStreams, liveStreamsPerAccount } = this.config;
    const ofAccount = [...this.open.values()].filter((each) => each === accountId).length;
    if (this.stopped || this.open.size >= liveStreams || ofAccount >= liveStreamsPerAccount)
      throw new ProblemError('too_many_streams');
    // Its reader may have gone while it was being looked up; then nothing would ever end it.
    if (response.closed) throw new ProblemError('unavailable');
    const stream = new EventStream(response, expiresAt);
    this.open.set(stream, accountId);
    response.once('close', () => {
      this.open.delete(stream);
      if (this.open.size === 0) this.rest();
      onEnd();
    });
    this.timer ??= setInterval(() => this.runOnce(Date.now()), LOOK_MS);
    return stream;
  }

  /** @param now ms since 1970 */
  runOnce(now: number): void {
    const beat = now >= this.beatAt || now < this.beatAt - HEARTBEAT_MS;
    if (beat) this.beatAt = now + HEARTBEAT_MS;
    for (const stream of this.open.keys()) {
      if (now >= stream.expiresAt) stream.end();
      else if (beat) stream.beat(now);
    }
  }

  /** Before the server waits for its connections to end: these would not by themselves. */
  onModuleDestroy(): void {
    this.stopped = true;
    this.rest();
    for (const stream of this.open.keys()) stream.end();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}
