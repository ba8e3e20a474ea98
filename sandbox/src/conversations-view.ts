import type { Catalogue } from './catalogue.ts';
import { instant } from './clock.ts';
import type { Chat, Conversations } from './conversations.ts';
import { messageId, type Accepted, type Ledger } from './ledger.ts';

interface Parts {
  catalogue: Catalogue;
  ledger: Ledger;
  conversations: Conversations;
}

const MAX_PHONES = 40;
const MAX_PER_PHONE = 10;
/** Messages looked through for a search: enough to find, few enough not to hold up the load. */
const MAX_LOOKED_AT = 200_000;
const MAX_CHATS = 200;

export function messageView(record: Accepted, catalogue: Catalogue) {
  return {
    id: messageId(record),
    tenant: record.tenant,
    client_ref: record.ref,
    campaign_ref: record.campaign,
    idempotency_key: record.key,
    channel_id: record.channel,
    phone: record.phone,
    text: catalogue.textOf(record),
    template: record.template,
    at: instant(record.at),
    at_ms: record.at,
    status: record.status,
    replays: record.replays,
    second: record.second,
  };
}

export interface Bubble {
  from: 'business' | 'customer' | 'operator';
  text: string;
  at: string;
  channel: string;
  status?: string;
}

/** The latest messages as the phones show them, grouped by phone, the phone written to last on top. */
export function phonesView({ catalogue, ledger, conversations }: Parts, tenant: string, search: string) {
  const digits = search.replace(/\D/g, '').replace(/^8(?=\d{10}$)/, '7');
  const byPhone = new Map<string, Accepted[]>();
  let looked = 0;
  for (const record of ledger.newest(tenant)) {
    if ((looked += 1) > MAX_LOOKED_AT) break;
    if (digits !== '' && !record.phone.includes(digits)) continue;
    const list = byPhone.get(record.phone);
    if (list && list.length < MAX_PER_PHONE) list.push(record);
    else if (!list && byPhone.size < MAX_PHONES) byPhone.set(record.phone, [record]);
    else if (digits === '' && byPhone.size >= MAX_PHONES) break;
  }
  const chats = conversations.chatsOf(tenant);
  const phones = [...byPhone].map(([phone, records]) => {
    const bubbles = [
      ...records.map((record) => sentBubble(record, catalogue)),
      ...conversations.inboundOf(tenant, phone).map((m) => customerBubble(m, name(m.channel))),
      ...chats
        .filter((chat) => chat.request.phone === phone)
        .flatMap((chat) => answerBubbles(chat, catalogue)),
    ].sort(byTime);
    const channel = catalogue.channel(tenant, records[0]!.channel);
    return { phone, channel_id: channel?.id, replies: channel?.capabilities.replies ?? false, bubbles };
  });
  return { phones, total: ledger.entries(tenant).length };

  function name(channel: string): string {
    return catalogue.channel(tenant, channel)?.name ?? channel;
  }
}

/** The chats of the workplace. A later message of the customer joins the chat that is open with them. */
export function rmoView({ catalogue, conversations }: Parts, tenant: string) {
  const all = conversations.chatsOf(tenant);
  const chats = all.slice(0, MAX_CHATS).map((chat) => {
    const { channel_id, phone, campaign, message, reply } = chat.request;
    const channel = catalogue.channel(tenant, channel_id)?.name ?? channel_id;
    const inbound = conversations.inboundOf(tenant, phone).filter((m) => m.channel === channel_id);
    const first = inbound.findIndex((m) => m.id === reply.id);
    const later = first < 0 ? [] : inbound.slice(first + 1);
    const bubbles: Bubble[] = [
      { from: 'customer', text: reply.text, at: reply.occurred_at, channel },
      ...later.map((m) => customerBubble(m, channel)),
      ...answerBubbles(chat, catalogue),
    ];
    return { id: chat.id, phone, channel, campaign: campaign.name, message, bubbles: bubbles.sort(byTime) };
  });
  return { chats, total: all.length };
}

function byTime(a: Bubble, b: Bubble): number {
  return a.at < b.at ? -1 : a.at > b.at ? 1 : 0;
}

function sentBubble(record: Accepted, catalogue: Catalogue): Bubble {
  return {
    from: 'business',
    text: catalogue.textOf(record),
    at: instant(record.at),
    channel: catalogue.channel(record.tenant, record.channel)?.name ?? record.channel,
    status: record.status,
  };
}

function customerBubble(m: { text: string; at: number }, channel: string): Bubble {
  return { from: 'customer', text: m.text, at: instant(m.at), channel };
}

function answerBubbles(chat: Chat, catalogue: Catalogue): Bubble[] {
  const channel = catalogue.channel(chat.tenant, chat.request.channel_id)?.name ?? '';
  return chat.answers.map(({ text, at }) => ({ from: 'operator', text, at: instant(at), channel }));
}
