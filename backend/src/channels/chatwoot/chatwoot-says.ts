/**
 * Chatwoot's application API, as far as it is used: https://developers.chatwoot.com/api-reference and, where that is silent,
 * its source (`app/controllers/api/v1/accounts`, `app/views/api/v1`).
 */
import * as v from 'valibot';
import type { HostChannel } from '../../../../contract/host-api.ts';

const IdSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

export const InboxSchema = v.object({
  id: IdSchema,
  name: v.string(),
  channel_type: v.string(),
  /** Of Twilio: `sms` or `whatsapp`. */
  medium: v.nullish(v.string()),
  lock_to_single_conversation: v.nullish(v.boolean(), false),
  csat_survey_enabled: v.nullish(v.boolean(), false),
  reauthorization_required: v.nullish(v.boolean(), false),
  message_templates: v.nullish(v.array(v.unknown()), []),
});
export type Inbox = v.InferOutput<typeof InboxSchema>;

/** `GET /inboxes`; one that is not understood is none. */
export function inboxesOf(body: unknown): Inbox[] {
  const list = v.safeParse(v.object({ payload: v.array(v.unknown()) }), body);
  if (!list.success) return [];
  return list.output.payload
    .filter((inbox): inbox is unknown => v.is(InboxSchema, inbox))
    .map((inbox) => v.parse(InboxSchema, inbox));
}

const TYPES: Record<string, HostChannel['type'] | undefined> = {
  'Channel::Whatsapp': 'whatsapp',
  'Channel::Sms': 'sms',
  'Channel::TwilioSms': 'sms',
};

/** Null: not for phones, or Twilio's WhatsApp, whose templates are not in Chatwoot. */
export function typeOf({ channel_type, medium }: Inbox): HostChannel['type'] | null {
  return medium === 'whatsapp' && channel_type !== 'Channel::Whatsapp' ? null : (TYPES[channel_type] ?? null);
}

/**
 * Why campaigns must not go through an inbox. Locked to one conversation, a message would be written into the chat that an
 * operator has with the customer; with the survey on, Chatwoot would write to the customer a second time.
 */
export function unfitBecause(inbox: Inbox): 'kind' | 'locked' | 'survey' | null {
  if (typeOf(inbox) === null) return 'kind';
  if (inbox.lock_to_single_conversation) return 'locked';
  return inbox.csat_survey_enabled ? 'survey' : null;
}

/** `GET /contacts/search?q=` */
export const ContactsSchema = v.object({
  payload: v.array(v.object({ id: IdSchema, phone_number: v.nullish(v.string()) })),
});

/** `POST /contacts` */
export const NewContactSchema = v.object({ payload: v.object({ contact: v.object({ id: IdSchema }) }) });

/** `POST /conversations` */
export const ConversationSchema = v.object({ id: IdSchema });

/** `GET /conversations/{id}/messages` */
export const MessagesSchema = v.object({
  payload: v.array(v.object({ content_attributes: v.nullish(v.record(v.string(), v.unknown()), {}) })),
});

/** A refusal in Chatwoot's words: `{ error }` or `{ message }`. */
export function wordsOf(body: unknown): string | null {
  const { error, message } = (body ?? {}) as { error?: unknown; message?: unknown };
  return [error, message].find((text): text is string => typeof text === 'string') ?? null;
}

/** The attribute of our messages that holds our reference; Chatwoot keeps it and sends it with every event. */
export const MARK = 'mass_messaging';
