import type { HostMessageStatus } from '../../contract/host-api.ts';
import type { Catalogue } from './catalogue.ts';
import type { Chance } from './chance.ts';
import { now, type Scheduler } from './clock.ts';
import type { Events } from './events.ts';
import type { Accepted, Ledger } from './ledger.ts';
import type { SettingsBox } from './settings.ts';
import type { Webhooks } from './webhooks.ts';

/** What becomes of a message after it was accepted, and the receipts that tell of it. */
export class Receipts {
  constructor(
    private readonly settings: SettingsBox,
    private readonly chance: Chance,
    private readonly scheduler: Scheduler,
    private readonly ledger: Ledger,
    private readonly catalogue: Catalogue,
    private readonly events: Events,
    private readonly webhooks: Webhooks,
  ) {}

  /** @param from what the message is by now; only later statuses are reported */
  plan(record: Accepted, from: HostMessageStatus = 'queued'): void {
    const { enabled, delayMs, shuffle } = this.settings.get().receipts;
    if (!enabled) return;
    const statuses = this.fate(record);
    // Without a seed a restart draws anew: what a message has become may no longer be its fate.
    if (from !== 'queued' && !statuses.includes(from)) return;
    const ahead = statuses.slice(statuses.indexOf(from) + 1);
    const times = ahead.map((_, i) => delayMs * (ahead.length === 1 ? 0.2 : 0.2 + 0.8 * i));
    const order = shuffle ? this.shuffled(ahead, record.ref) : ahead;
    order.forEach((status, i) => this.scheduler.after(times[i]!, () => this.report(record, status)));
  }

  /** Every status the message will pass through, decided by its reference alone. */
  fate(record: Accepted): HostMessageStatus[] {
    const { deliveredShare, readShare, failedShare } = this.settings.get().receipts;
    const luck = this.chance.of(record.ref, 'fate');
    if (luck < failedShare) return ['sent', 'failed'];
    if (luck >= failedShare + deliveredShare) return ['sent'];
    const readable = this.catalogue.channel(record.tenant, record.channel)?.type === 'whatsapp';
    const isRead = readable && this.chance.of(record.ref, 'read') < readShare;
    return isRead ? ['sent', 'delivered', 'read'] : ['sent', 'delivered'];
  }

  private report(record: Accepted, status: HostMessageStatus): void {
    const event = { kind: 'status', n: record.n, status, at: now() } as const;
    this.ledger.setStatus(record, status, event.at);
    this.events.add(record.tenant, event);
    this.webhooks.send(record.tenant, event);
    const repeat = this.chance.of(`${record.ref} ${status}`, 'repeat');
    const { duplicateShare } = this.settings.get().receipts;
    // Providers repeat themselves in two ways: the same webhook again, or the same news in a new one.
    if (repeat < duplicateShare)
      this.webhooks.send(record.tenant, event, repeat < duplicateShare / 2 ? '' : '_again');
  }

  private shuffled(statuses: readonly HostMessageStatus[], ref: string): HostMessageStatus[] {
    return statuses
      .map((status) => ({ status, place: this.chance.of(`${ref} ${status}`, 'shuffle') }))
      .sort((a, b) => a.place - b.place)
      .map(({ status }) => status);
  }
}
