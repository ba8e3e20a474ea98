/** Chatwoot's webhooks in the words of the host's contract: https://developers.chatwoot.com, and `Message#webhook_data`. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import * as v from 'valibot';
import type { HostWebhook } from '../../../../contract/host-api.ts';
import { channelOfInbox, placeOf } from './chatwoot-access.ts';
import { MARK } from './chatwoot-says.ts';

/** How old or early a call may be, in seconds. */
const TOLERANCE_SECONDS = 300;

/** `X-Chatwoot-Signature: sha256=…` over `timestamp.body` (`Webhooks::Trigger`, from Chatwoot 4.12 on). */
export function isSigned(
  body: Buffer,
  headers: Readonly<Record<string, string | undefined>>,
  secret: string,
  nowSeconds: number,
): boolean {
  const [signature = '', timestamp = ''] = [headers['x-chatwoot-signature'], headers['x-chatwoot-timestamp']];
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(nowSeconds - Number(timestamp)) > TOLERANCE_SECONDS)
    return false;
  const digest = createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest('hex');
  const [given, expected] = [Buffer.from(signature), Buffer.from(`sha256=${digest}`)];
  return given.length === expected.length && timingSafeEqual(given, expected);
}

const EventSchema = v.object({
  event: v.picklist(['message_created', 'message_updated']),
  id: v.number(),
  content: v.nullish(v.string(), ''),
  message_type: v.picklist(['incoming', 'outgoing', 'template']),
  private: v.nullish(v.boolean(), false),
  content_attributes: v.nullish(v.record(v.string(), v.unknown()), {}),
  account: v.object({ id: v.number() }),
  inbox: v.object({ id: v.number() }),
  conversation: v.object({
    id: v.number(),
    /** The last message alone, and the only place where its status stands. */
    messages: v.nullish(v.array(v.object({ id: v.number(), status: v.nullish(v.string()) })), []),
    meta: v.object({ sender: v.object({ phone_number: v.nullish(v.string()) }) }),
  }),
});
type Event = v.InferOutput<typeof EventSchema>;

/** Whose webhook it is. */
interface ConnectionOf {
  id: string;
  baseUrl: string;
  /** The account's number at Chatwoot. */
  tenant: number;
}

/** Meta's codes as Chatwoot writes them in front of its words, for which there is advice. */
const REASONS: Record<string, string | undefined> = {
  131026: 'recipient_unreachable',
  131050: 'recipient_opted_out',
};

/**
 * @param connection whose webhook it is; ids are unique within it · @param at when it was signed
 * @returns null for what does not concern us; the id tells a repeat, as the header of the delivery is not signed
 */
export function eventOf(
  body: unknown,
  connection: ConnectionOf,
  at: Date,
): { id: string; body: HostWebhook } | null {
  const read = v.safeParse(EventSchema, body);
  if (!read.success || read.output.private || read.output.account.id !== connection.tenant) return null;
  const event = read.output;
  return event.message_type === 'incoming'
    ? replyOf(event, connection, at)
    : receiptOf(event, connection, at);
}

/** The id begins with the conversation, where the note about the campaign goes. */
function replyOf({ event, id, conversation, inbox, content }: Event, connection: ConnectionOf, at: Date) {
  const { phone_number } = conversation.meta.sender;
  if (event !== 'message_created' || !phone_number) return null;
  const data = {
    message_id: `${conversation.id}/${id}/${connection.id}`,
    channel_id: channelOfInbox(placeOf(connection.baseUrl, connection.tenant), inbox.id),
    from: { type: 'phone', value: phone_number },
    content: { type: 'text', text: content ?? '' },
    occurred_at: at.toISOString(),
  } as const;
  return { id: `${connection.id}:${id}`, body: { type: 'message.reply', data } as const };
}

const STATUSES = ['sent', 'delivered', 'read', 'failed'] as const;

/** Of our own messages alone, by our reference: an operator's in the same conversation is none. */
function receiptOf({ id, conversation, content_attributes }: Event, connection: ConnectionOf, at: Date) {
  const reference = content_attributes?.[MARK];
  const status = STATUSES.find(
    (each) => each === conversation.messages?.find((last) => last.id === id)?.status,
  );
  if (typeof reference !== 'string' || !status) return null;
  const words = content_attributes?.['external_error'];
  const text = typeof words === 'string' ? words : undefined;
  const data = {
    message_id: String(conversation.id),
    client_ref: reference,
    status,
    ...(status === 'failed' && {
      error: {
        code: REASONS[/^\d+/.exec(text ?? '')?.[0] ?? ''] ?? 'refused',
        ...(text !== undefined && { text }),
      },
    }),
    occurred_at: at.toISOString(),
  };
  return { id: `${connection.id}:${id}:${status}`, body: { type: 'message.status', data } as const };
}
