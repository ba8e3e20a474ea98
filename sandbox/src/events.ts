import { randomBytes } from 'node:crypto';
import type { HostEvent, HostMessageStatus, HostWebhook } from '../../contract/host-api.ts';
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

/** Of a tenant's events the latest so many are kept. */
const KEPT = 1_000_000;

interface Kept {
  events: Event[];
  /** How many there were before the first that is kept. */
  forgotten: number;
}

/** A tenant's events in order, the latest of them: the source of the webhooks and of `GET /v1/events`. */
export class Events {
  private readonly lists = new Map<string, Kept>();
  /** A start's own: the journal does not give back every event, so that places of an earlier start mean nothing. */
  private readonly start = randomBytes(4).toString('hex');

  constructor(
    private readonly ledger: Ledger,
    private readonly kept = KEPT,
  ) {}

  add(tenant: string, event: Event): void {
    const list = this.listOf(tenant);
    list.events.push(event);
    // In pieces, for taking one from the front of a long list costs as much as taking many.
    const over = list.events.length - this.kept;
    if (over < Math.max(1, this.kept / 10)) return;
    list.events.splice(0, over);
    list.forgotten += over;
  }

  /**
   * @param after where to go on; undefined: with the oldest that is kept
   * @returns null where `after` is a place of another start, or one whose next event is forgotten
   */
  read(tenant: string, after: string | undefined, limit: number): { data: HostEvent[]; next: string } | null {
    const { events, forgotten } = this.listOf(tenant);
    const from = after === undefined ? forgotten : this.placeOf(after);
    if (from === null || from < forgotten || from > forgotten + events.length) return null;
    const read = events.slice(from - forgotten, from - forgotten + limit);
    const data = read.map((event) => {
      const { id, webhook } = this.item(event);
      return { id, ...webhook };
    });
    return { data, next: `${this.start}-${from + read.length}` };
  }

  private placeOf(cursor: string): number | null {
    const [start, place] = cursor.split('-');
    return start === this.start && /^\d{1,15}$/.test(place ?? '') ? Number(place) : null;
  }

  private listOf(tenant: string): Kept {
    let list = this.lists.get(tenant);
    if (!list) this.lists.set(tenant, (list = { events: [], forgotten: 0 }));
    return list;
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
