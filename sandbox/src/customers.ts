import type { Catalogue } from './catalogue.ts';
import type { Chance } from './chance.ts';
import type { Scheduler } from './clock.ts';
import type { Conversations, Inbound } from './conversations.ts';
import type { Events } from './events.ts';
import { messageId, type Accepted, type Ledger } from './ledger.ts';
import { Problem } from './problem.ts';
import type { Receipts } from './receipts.ts';
import type { SettingsBox } from './settings.ts';
import type { Webhooks } from './webhooks.ts';

export interface ReplyRequest {
  tenant: string;
  phone: string;
  /** Without it, the channel of the latest message to the phone. */
  channel_id?: string | undefined;
  text: string;
  /** Names the message that is answered, as WhatsApp does when a customer quotes it. */
  quote?: boolean | undefined;
}

/** The people who receive the messages: some answer by themselves, and anybody may be made to. */
export class Customers {
  constructor(
    private readonly settings: SettingsBox,
    private readonly chance: Chance,
    private readonly scheduler: Scheduler,
    private readonly ledger: Ledger,
    private readonly catalogue: Catalogue,
    private readonly conversations: Conversations,
    private readonly receipts: Receipts,
    private readonly events: Events,
    private readonly webhooks: Webhooks,
  ) {}

  plan(record: Accepted): void {
    const { receipts, customers } = this.settings.get();
    if (this.chance.of(record.ref, 'reply') >= customers.replyShare) return;
    if (!this.catalogue.channel(record.tenant, record.channel)?.capabilities.replies) return;
    if (receipts.enabled && !this.receipts.fate(record).includes('delivered')) return;
    const { texts } = customers;
    const text = texts[Math.floor(this.chance.of(record.ref, 'text') * texts.length)]!;
    const quoted = this.chance.of(record.ref, 'quote') < 0.5 ? record : null;
    this.scheduler.after(customers.delayMs, () => this.write(record, text, quoted));
  }

  reply({ tenant, phone, channel_id, text, quote }: ReplyRequest): Inbound {
    if (text.trim() === '') throw new Problem(422, 'text_required', 'Write the text of the reply.');
    const latest = this.latest(tenant, phone, channel_id);
    const channelId = latest?.channel ?? channel_id;
    const channel = channelId === undefined ? undefined : this.catalogue.channel(tenant, channelId);
    if (!channel)
      throw new Problem(404, 'message_unknown', 'This phone has received nothing; name a channel.');
    if (!channel.capabilities.replies) {
      throw new Problem(422, 'channel_one_way', 'This sender is one-way: nobody can answer it.');
    }
    return this.write({ tenant, phone, channel: channel.id }, text, quote ? (latest ?? null) : null);
  }

  private write(
    to: Pick<Accepted, 'tenant' | 'phone' | 'channel'>,
    text: string,
    quoted: Accepted | null,
  ): Inbound {
    const { tenant, phone, channel } = to;
    const inReplyTo = quoted && messageId(quoted);
    const inbound = this.conversations.receive({ tenant, phone, channel, text, inReplyTo });
    const event = { kind: 'reply', inbound } as const;
    this.events.add(tenant, event);
    this.webhooks.send(tenant, event);
    return inbound;
  }

  private latest(tenant: string, phone: string, channel?: string): Accepted | undefined {
    for (const record of this.ledger.newest(tenant)) {
      if (record.phone === phone && (channel === undefined || record.channel === channel)) return record;
    }
    return undefined;
  }
}
