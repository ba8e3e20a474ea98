import type { HostMessageStatus, HostWebhook } from '../../contract/host-api.ts';
import { instant } from './clock.ts';
import type { Inbound } from './conversations.ts';
import { messageId, type Accepted, type Ledger } from './ledger.ts';

/** What happened, kept small: the webhook's body is written out only when it is sent. */
export type Event =
  | { kind: 'status'; n: number; status: HostMessageStatus; at: number }
  | { kind: 'reply'; inbound: Inbound }
  | { kind: 'template'; id: string; channel: string; status: string; at: number };

export interface FeedItem {
  id: string;
  webhook: HostWebhook;
}

const FAILED = { code: 'recipient_unreachable', text: 'Номер недоступен: абонент не принимает сообщения.' };

/** Every event of a tenant in order: the source of the webhooks and of `GET /v1/events`. */
export class Events {
  private readonly lists = new Map<string, Event[]>();

  constructor(private readonly ledger: Ledger) {}

  add(tenant: string, event: Event): void {
    let list = this.lists.get(tenant);
    if (!list) this.lists.set(tenant, (list = []));
    list.push(event);
  }

  /** @returns items from a cursor on, and the cursor to go on from */
  read(tenant: string, cursor: number, limit: number): { items: FeedItem[]; cursor: number } {
    const list = this.lists.get(tenant) ?? [];
    const items = list.slice(cursor, cursor + limit).map((event) => this.item(event));
    return { items, cursor: Math.min(list.length, cursor) + items.length };
  }

  /** The id follows from the event, so the feed and the webhook give the same one, also after a restart. */
  item(event: Event): FeedItem {
    if (event.kind === 'reply')
      return { id: `evt_${event.inbound.id}`, webhook: replyWebhook(event.inbound) };
    if (event.kind === 'template') {
      const { id, channel, status, at } = event;
      const data = { id, channel_id: channel, status };
      return { id: `evt_${id}_${Math.floor(at).toString(36)}`, webhook: { type: 'template.updated', data } };
    }
    const record = this.ledger.at(event.n)!;
    return { id: `evt_${messageId(record)}_${event.status}`, webhook: statusWebhook(record, event) };
  }
}

function statusWebhook(record: Accepted, event: Event & { kind: 'status' }): HostWebhook {
  return {
    type: 'message.status',
    data: {
      message_id: messageId(record),
      client_ref: record.ref,
      status: event.status,
      ...(event.status === 'failed' ? { error: FAILED } : {}),
      occurred_at: instant(event.at),
    },
  };
}

function replyWebhook(inbound: Inbound): HostWebhook {
  return {
    type: 'message.reply',
    data: {
      message_id: inbound.id,
      ...(inbound.inReplyTo === null ? {} : { in_reply_to: inbound.inReplyTo }),
      channel_id: inbound.channel,
      from: { type: 'phone', value: inbound.phone },
      content: { type: 'text', text: inbound.text },
      occurred_at: instant(inbound.at),
    },
  };
}
