/**
 * What Chatwoot says, field by field as its views and models make it (`app/views/api/v1`, `Message#webhook_data`,
 * `Conversations::EventDataPresenter`); fields that nobody here reads are left out where they are many. Values are made up.
 */

export const TOKEN = 'dXfQfPNmYV1dXoGg8SfUyTc1';
export const TENANT = 3;

/** As Meta lists it and Chatwoot keeps it: in capitals, parts as components. */
export const REMINDER = {
  id: '1297438271837461',
  name: 'visit_reminder',
  status: 'APPROVED',
  category: 'UTILITY',
  language: 'ru',
  parameter_format: 'POSITIONAL',
  components: [
    { type: 'HEADER', format: 'TEXT', text: 'Запись {{1}}', example: { header_text: ['12 мая'] } },
    {
      type: 'BODY',
      text: '{{1}}, ждём вас в {{2}}.',
      example: { body_text: [['Анна', '12:30']] },
    },
    { type: 'FOOTER', text: 'Клиника «Ромашка»' },
    {
      type: 'BUTTONS',
      buttons: [
        { type: 'QUICK_REPLY', text: 'Приду' },
        {
          type: 'URL',
          text: 'Перенести',
          url: 'https://romashka.example/v/{{1}}',
          example: ['https://romashka.example/v/77'],
        },
      ],
    },
  ],
};

const inbox = (id: number, channel_type: string, name: string, changes: object = {}) => ({
  id,
  avatar_url: '',
  channel_id: id + 100,
  name,
  channel_type,
  greeting_enabled: false,
  working_hours_enabled: false,
  enable_email_collect: true,
  csat_survey_enabled: false,
  enable_auto_assignment: true,
  allow_messages_after_resolved: true,
  lock_to_single_conversation: false,
  phone_number: '+79000000001',
  provider: null,
  ...changes,
});

/** `GET /inboxes` */
export const INBOXES = {
  payload: [
    inbox(11, 'Channel::Whatsapp', 'WhatsApp', {
      provider: 'whatsapp_cloud',
      message_templates: [REMINDER, { name: 'broken' }],
    }),
    inbox(12, 'Channel::Sms', 'SMS', { provider: 'default' }),
    inbox(13, 'Channel::TwilioSms', 'Twilio', { medium: 'sms', reauthorization_required: true }),
    inbox(14, 'Channel::TwilioSms', 'Twilio WhatsApp', { medium: 'whatsapp' }),
    inbox(15, 'Channel::WebWidget', 'Сайт'),
    inbox(16, 'Channel::Whatsapp', 'Один разговор', { lock_to_single_conversation: true }),
    inbox(17, 'Channel::Whatsapp', 'С опросом', { csat_survey_enabled: true }),
  ],
};

export const contact = (id: number, phone: string) => ({
  additional_attributes: {},
  availability_status: 'offline',
  email: null,
  id,
  name: phone,
  phone_number: phone,
  blocked: false,
  identifier: null,
  thumbnail: '',
  custom_attributes: {},
  created_at: 1780000000,
});

export interface StoredMessage {
  id: number;
  content: string;
  content_attributes: Record<string, unknown>;
  private: boolean;
  status: string;
  message_type: 0 | 1;
}

export interface StoredConversation {
  id: number;
  inbox: number;
  phone: string;
  status: string;
  messages: StoredMessage[];
}

/** `POST /conversations`: `_conversation.json.jbuilder`. */
export const conversation = ({ id, inbox: inbox_id, phone, status, messages }: StoredConversation) => ({
  meta: { sender: contact(1, phone), channel: 'Channel::Whatsapp', hmac_verified: false },
  id,
  messages: messages
    .slice(-1)
    .map((message) => ({ ...message, conversation_id: id, sender: { id: 1, type: 'user' } })),
  account_id: TENANT,
  uuid: 'c2e4ad3b-26c5-4b6c-9d2b-1d3a9f4f7f10',
  additional_attributes: {},
  can_reply: false,
  custom_attributes: {},
  inbox_id,
  labels: [],
  muted: false,
  status,
  created_at: 1780000000,
  timestamp: 1780000000,
  unread_count: 0,
});

/** The body of a webhook: `Message#webhook_data` with the event's name. */
export const webhook = (
  event: 'message_created' | 'message_updated' | 'conversation_created',
  { id, inbox: inbox_id, phone, status, messages }: StoredConversation,
  message: StoredMessage,
) => ({
  account: { id: TENANT, name: 'Клиника' },
  additional_attributes: {},
  content_attributes: message.content_attributes,
  content_type: 'text',
  content: message.content,
  conversation: {
    additional_attributes: {},
    can_reply: true,
    channel: 'Channel::Whatsapp',
    contact_inbox: { id: 9, contact_id: 1, inbox_id, source_id: phone.slice(1), hmac_verified: false },
    id,
    inbox_id,
    messages: messages
      .filter((each) => !each.private)
      .slice(-1)
      .map((last) => ({ ...last, conversation_id: id })),
    labels: [],
    meta: {
      sender: { ...contact(1, phone), type: 'contact' },
      assignee: null,
      team: null,
      hmac_verified: false,
    },
    status,
    custom_attributes: {},
    unread_count: 1,
  },
  created_at: '2026-05-12T09:30:00.000Z',
  id: message.id,
  inbox: { id: inbox_id, name: 'WhatsApp' },
  message_type: message.message_type === 0 ? 'incoming' : 'outgoing',
  private: message.private,
  sender: { id: 1, name: phone },
  source_id: null,
  event,
});
