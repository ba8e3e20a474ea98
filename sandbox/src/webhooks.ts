import { Webhook } from 'standardwebhooks';
import { request, type Dispatcher } from 'undici';
import type { Scheduler } from './clock.ts';
import type { Event, Events } from './events.ts';
import type { Identity } from './identity.ts';

const CONCURRENCY = 8;
const BACK_OFF_SECONDS = [0.5, 1, 2, 5, 10, 30];
const MAX_TRIES = 12;

interface Delivery {
  tenant: string;
  installation: string;
  event: Event;
  /** Set where the same event goes out a second time under another id. */
  suffix: string;
  tries: number;
}

export interface WebhookCounts {
  delivered: number;
  retried: number;
  /** Given up after the last try, or refused with 410. */
  dropped: number;
  pending: number;
}

/** Sends events to the integration, signed as in Standard Webhooks, again and again until it takes them. */
export class Webhooks {
  /** First in, first out; `head` moves so that taking one costs nothing. */
  private queue: Delivery[] = [];
  private head = 0;
  private active = 0;
  private waiting = 0;
  private counts = { delivered: 0, retried: 0, dropped: 0 };
  private stopped = false;

  constructor(
    private readonly backendUrl: string,
    private readonly identity: Identity,
    private readonly events: Events,
    private readonly scheduler: Scheduler,
    private readonly dispatcher: Dispatcher,
  ) {}

  /** @param suffix makes another webhook-id of the same event, as a provider does that repeats itself */
  send(tenant: string, event: Event, suffix = ''): void {
    const installation = this.identity.tenant(tenant).installation?.id;
    if (installation) this.put({ tenant, installation, event, suffix, tries: 0 });
  }

  stats(): WebhookCounts {
    const pending = this.queue.length - this.head + this.active + this.waiting;
    return { ...this.counts, pending };
  }

  stop(): void {
    this.stopped = true;
  }

  private put(delivery: Delivery): void {
    this.queue.push(delivery);
    this.pump();
  }

  private pump(): void {
    while (!this.stopped && this.active < CONCURRENCY && this.head < this.queue.length) {
      const delivery = this.queue[this.head]!;
      this.head += 1;
      if (this.head > 1024 && this.head * 2 > this.queue.length) {
        this.queue = this.queue.slice(this.head);
        this.head = 0;
      }
      this.active += 1;
      void this.deliver(delivery).finally(() => {
        this.active -= 1;
        this.pump();
      });
    }
  }

  private async deliver(delivery: Delivery): Promise<void> {
    const { installation, state } = this.identity.tenant(delivery.tenant);
    // Nobody is there to hear of an installation that is gone.
    if (!installation || installation.id !== delivery.installation || state === 'uninstalled') {
      this.counts.dropped += 1;
      return;
    }
    const status = await this.post(delivery, installation.webhookSecret);
    if (status >= 200 && status < 300) this.counts.delivered += 1;
    else if (status === 410 || delivery.tries + 1 >= MAX_TRIES) this.counts.dropped += 1;
    else this.retryLater(delivery);
  }

  private retryLater(delivery: Delivery): void {
    const seconds = BACK_OFF_SECONDS[Math.min(delivery.tries, BACK_OFF_SECONDS.length - 1)]!;
    delivery.tries += 1;
    this.counts.retried += 1;
    this.waiting += 1;
    this.scheduler.after(seconds * 1000, () => {
      this.waiting -= 1;
      this.put(delivery);
    });
  }

  /** @returns the HTTP status; 0 where no answer came */
  private async post(delivery: Delivery, secret: string): Promise<number> {
    const item = this.events.item(delivery.event);
    const id = item.id + delivery.suffix;
    const body = JSON.stringify(item.webhook);
    const at = new Date();
    try {
      const answer = await request(new URL(`/api/webhooks/host/${delivery.installation}`, this.backendUrl), {
        method: 'POST',
        dispatcher: this.dispatcher,
        headersTimeout: 10_000,
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': new Webhook(secret).sign(id, at, body),
        },
        body,
      });
      await answer.body.dump();
      return answer.statusCode;
    } catch {
      return 0;
    }
  }
}
