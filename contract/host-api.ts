/**
 * The contract with a host CRM: the token it signs, the messages between its page and our frame, the API it
 * offers to us and the webhooks it sends. The sandbox implements it and is its reference.
 */
import type { Role } from './session.ts';

/** Header `typ` of the tokens a host signs; one kind is never accepted for the other. */
export const SESSION_TOKEN_TYPE = 'host-session+jwt';
export const LIFECYCLE_TOKEN_TYPE = 'host-lifecycle+jwt';

/** Claims of the session token (widget → backend, `Authorization: Bearer`). Lifetime at most 300 s. */
export interface SessionClaims {
  /** The host, exactly as registered. */
  iss: string;
  /** The manifest's `key`. */
  aud: string;
  /** The host's user id, 1–128 characters. */
  sub: string;
  /** The account (tenant) id at the host. */
  tid: string;
  /** The installation id; a token of an earlier installation is refused. */
  iid: string;
  iat: number;
  exp: number;
  nbf?: number;
  jti: string;
  role?: Role;
}

/** Claims of a lifecycle token (host platform → backend), signed by the platform's registered RS256 or ES256 key. */
export interface LifecycleClaims {
  iss: string;
  /** Our base URL. */
  aud: string;
  tid: string;
  iid: string;
  iat: number;
  exp: number;
  jti: string;
  /** base64url SHA-256 of the raw body. */
  bsh: string;
}

/** Body of `POST /api/host/installed`. */
export interface InstalledEvent {
  installation_id: string;
  sequence: number;
  tenant: { id: string; name: string; locale: string; timezone: string; origins: string[] };
  host_api: { base_url: string; token_url: string };
  /** Single use; exchanged at `token_url` for the secrets, so that none travels in this body. */
  install_code: string;
}

/** Answer of `POST {token_url}` with `{ "install_code": … }`. */
export interface InstallationSecrets {
  access_token: string;
  /** `whsec_…`, Standard Webhooks. */
  webhook_secret: string;
  /** Present when the host signs session tokens with HS256: at least 32 bytes, base64url. */
  session_key?: string;
}

/** Body of `POST /api/host/updated`: all of it, as it is now. */
export type UpdatedEvent = Omit<InstalledEvent, 'install_code'>;

/**
 * Body of `POST /api/host/secret-rotated`. The code is exchanged at the `token_url` told last. Both sides take the old
 * secrets beside the new ones for 24 hours; a call that failed is made again with a new code.
 */
export interface SecretRotatedEvent extends LifecycleEvent {
  install_code: string;
}

/** Body of `POST /api/host/uninstalled`, `/api/host/enabled`, `/api/host/disabled`. */
export interface LifecycleEvent {
  installation_id: string;
  sequence: number;
}

/* ---- messages between the host page and the frame ---- */

export const FRAME_PROTOCOL = 'rmo-embed';
export const FRAME_VERSION = 1;

export interface FrameInit {
  embed_id: string;
  token: string;
  /** ISO instant. */
  expires_at: string;
  locale: string;
  theme: 'light' | 'dark';
  user: { display_name: string };
  /** What the host's page does for the frame beyond the five messages of a complete host; absent: nothing. */
  capabilities?: readonly FrameCapability[];
}

export const FRAME_CAPABILITIES = ['confirm', 'navigate'] as const;
export type FrameCapability = (typeof FRAME_CAPABILITIES)[number];

/** type → payload. `ready`, `init`, `token.request`/`token.response`, `resize` make a complete host. */
export interface FrameMessages {
  ready: { embed_id: string };
  init: FrameInit;
  'token.request': { reason: 'expiring' | 'rejected' };
  'token.response': { token: string; expires_at: string };
  resize: { height: number };
  /** The campaign the card shows, for the integration page; null when none is open. */
  card: { name: string | null; state: string | null };
  notify: { level: 'info' | 'success' | 'error'; text: string };
  /** Plain texts, for a dialog over the whole page. Asked only where `init` named it; else the card asks by itself. */
  confirm: { title: string; text: string; ok: string; cancel: string; danger: boolean };
  'confirm.response': { confirmed: boolean };
  /** The chat that a reply has opened; the host knows where its page is. */
  navigate: { target: 'conversation'; id: string };
  'locale.changed': { locale: string };
  /** Whether anybody can see the frame: in another tab of the CRM, or scrolled away, nobody can. */
  visibility: { visible: boolean };
  'theme.changed': { theme: 'light' | 'dark' };
  error: { code: string; message: string };
}
export type FrameMessageType = keyof FrameMessages;

export interface FrameMessage<T extends FrameMessageType = FrameMessageType> {
  p: typeof FRAME_PROTOCOL;
  v: typeof FRAME_VERSION;
  type: T;
  id: string;
  /** The id of the message this answers. */
  re?: string;
  payload: FrameMessages[T];
}

/* ---- the host's messaging API (we call; bearer access_token; JSON) ---- */

/** `GET /v1/channels` → `{ data: HostChannel[] }` */
export interface HostChannel {
  id: string;
  type: 'whatsapp' | 'sms';
  name: string;
  status: 'active' | 'disconnected' | 'blocked';
  capabilities: { replies: boolean };
  /**
   * Above zero, whole or not. Never more than 60 times as many messages arrive in any 60 seconds, over all campaigns of
   * the channel; read whenever somebody looks at the channels and at every start. Absent: the channel has no limit.
   */
  limits?: { per_second: number };
}

/** `GET /v1/templates?channel_id=` → `{ data: HostTemplate[] }`; the fields are those of `Template`. */

/** `POST /v1/messages` with `Idempotency-Key` (kept at least 24 hours). */
export interface HostMessageRequest {
  channel_id: string;
  to: { type: 'phone'; value: string };
  text?: string;
  template?: { id: string; version: number; locale: string; variables: Record<string, string> };
  /** Our reference, echoed in every webhook and usable for look-up. */
  client_ref: string;
  campaign_ref: string;
}

/** 202. The same key with the same body gives the same answer and `Idempotency-Replayed: true`. */
export interface HostMessageAccepted {
  id: string;
  client_ref: string;
  status: 'queued';
}

/**
 * Any other answer is application/problem+json with one of these codes:
 * 422 recipient_invalid · recipient_opted_out · recipient_unreachable (this recipient) ·
 * 422 template_paused · template_not_found · template_mismatch, 403 sender_blocked, 402 balance, 401/403 unauthorized
 * (stop the campaign) · 429 with Retry-After (slow down) · 503 with Retry-After (try later) ·
 * 409 idempotency_conflict with Retry-After (the first is still running) · 422 idempotency_mismatch.
 */
export interface HostProblem {
  code: string;
  detail?: string;
  retryable?: boolean;
}

/** `GET /v1/messages?client_ref=` → `{ data: HostMessage[] }` */
export interface HostMessage {
  id: string;
  client_ref: string;
  status: HostMessageStatus;
}
export type HostMessageStatus = 'queued' | 'sent' | 'delivered' | 'read' | 'failed';

/** `POST /v1/chats` with `Idempotency-Key`: opens a chat in RMO with the context of a reply. → 201 `{ id }` */
export interface HostChatRequest {
  channel_id: string;
  phone: string;
  campaign: { ref: string; name: string };
  /** The message the customer received. */
  message: { text: string; client_ref: string; sent_at: string | null };
  reply: { id: string; text: string; occurred_at: string };
}

/* ---- webhooks (host → us, Standard Webhooks headers, `POST /api/webhooks/host/{installationId}`) ---- */

export type HostWebhook =
  | {
      type: 'message.status';
      data: {
        message_id: string;
        client_ref: string;
        status: HostMessageStatus;
        error?: { code: string; text?: string };
        occurred_at: string;
      };
    }
  | {
      type: 'message.reply';
      data: {
        /** The inbound message. */
        message_id: string;
        /** The id of our message, when the customer quoted it. */
        in_reply_to?: string;
        channel_id: string;
        from: { type: 'phone'; value: string };
        content: { type: 'text'; text: string };
        occurred_at: string;
      };
    }
  | { type: 'template.updated'; data: { id: string; channel_id: string; status: string } };

/* ---- the feed of events (we call): what webhooks missed ---- */

/** An event with the id its webhook has in `webhook-id`: whichever comes first counts, the other changes nothing. */
export type HostEvent = { id: string } & HostWebhook;

/**
 * `GET /v1/events?after=&limit=`: oldest first, seven days back at least. Without `after` from the oldest kept; 410
 * `cursor_unknown` where the host does not know that place (any more), then we begin with the oldest. 404 or 501: the
 * host has no feed.
 */
export interface HostEventPage {
  /** `limit` of them at most; none: there is nothing new yet. */
  data: HostEvent[];
  /** The place after the last of them, 1–512 characters, for the next `after`; the same place where there was none. */
  next: string;
}
