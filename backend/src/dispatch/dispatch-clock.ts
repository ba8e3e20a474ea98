import {
  Inject,
  Injectable,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { Dispatcher } from './dispatcher.ts';

/**
 * How often outcomes are written, in ms. Later is cheaper, as more of what stands on one page is written at once, and
 * shows later; of a provider without keys it also puts more in doubt when the process is killed.
 */
export const FLUSH_MS = { withKeys: 500, withoutKeys: 100 };
const HEAL_MS = 5000;
/** About a minute, and another one in each process. */
const WATCH_MS = 54_000 + Math.random() * 12_000;

/** Wakes the dispatcher. All its logic is in `tick`, `flush`, `heal` and `watch`, which tests call themselves. */
@Injectable()
export class DispatchClock implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly registry: SchedulerRegistry,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onApplicationBootstrap(): void {
    this.every('dispatch', this.config.dispatchTickMs, () => this.dispatcher.tick());
    this.every('flush', FLUSH_MS.withKeys, () => this.dispatcher.flush());
    this.every('flush urgent', FLUSH_MS.withoutKeys, () => this.dispatcher.flushUrgent());
    this.every('heal', HEAL_MS, () => this.dispatcher.heal());
    this.every('watch', WATCH_MS, () => this.dispatcher.watch());
  }

  private every(name: string, ms: number, work: () => Promise<unknown>): void {
    this.registry.addInterval(
      name,
      setInterval(() => void work(), ms),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    for (const name of this.registry.getIntervals()) this.registry.deleteInterval(name);
    await this.dispatcher.stop();
  }
}
