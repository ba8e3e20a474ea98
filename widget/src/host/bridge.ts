/**
 * The only postMessage. Talks to the page of the CRM that embeds the card.
 *
 *   calling ──init──▶ open          `ready` goes to every allowed origin until one of them answers
 *      └──8 s──▶ unanswered         not embedded, or by a page that is not on the list; `init` may still come
 *
 * A message counts only from the parent window, from an allowed origin, of our protocol and shape; after `init`
 * only from the origin it came from. We never post to `*`: whoever embeds the card by stealth hears nothing.
 */
import * as v from 'valibot';
import {
  FRAME_CAPABILITIES,
  FRAME_PROTOCOL,
  FRAME_VERSION,
  type FrameInit,
  type FrameMessages,
  type FrameMessageType,
} from '../../../contract/host-api.ts';

const READY_AT_MS = [0, 250, 1000, 3000];
const UNANSWERED_AFTER_MS = 8000;
const TOKEN_TIMEOUT_MS = 8000;
/** A person reads what they are asked. */
const CONFIRM_TIMEOUT_MS = 10 * 60_000;

const Theme = v.picklist(['light', 'dark']);
const Token = { token: v.pipe(v.string(), v.minLength(1)), expires_at: v.string() };

const Envelope = v.object({
  p: v.literal(FRAME_PROTOCOL),
  v: v.literal(FRAME_VERSION),
  type: v.string(),
  id: v.string(),
  re: v.optional(v.string()),
  payload: v.unknown(),
});

const Inbound = {
  init: v.object({
    embed_id: v.string(),
    ...Token,
    locale: v.string(),
    theme: v.fallback(Theme, 'light'),
    user: v.fallback(v.object({ display_name: v.string() }), { display_name: '' }),
    capabilities: v.fallback(
      v.pipe(
        v.array(v.string()),
        v.transform((all) => FRAME_CAPABILITIES.filter((each) => all.includes(each))),
      ),
      [],
    ),
  }),
  'token.response': v.object(Token),
  'confirm.response': v.object({ confirmed: v.boolean() }),
  'locale.changed': v.object({ locale: v.string() }),
  'theme.changed': v.object({ theme: Theme }),
  visibility: v.object({ visible: v.boolean() }),
  error: v.object({ code: v.string(), message: v.string() }),
};

/** What the bridge needs of `window`; a test gives it a fake. */
export interface HostWindow {
  parent: { postMessage(message: unknown, targetOrigin: string): void };
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

export interface BridgeOptions {
  window: HostWindow;
  origins: readonly string[];
  embedId: string;
  onInit(init: FrameInit): void;
  onLocale(locale: string): void;
  onTheme(theme: 'light' | 'dark'): void;
  onVisibility(visible: boolean): void;
  onUnanswered(): void;
}

export type FrameToken = FrameMessages['token.response'];

export interface Bridge {
  start(): void;
  stop(): void;
  requestToken(reason: FrameMessages['token.request']['reason']): Promise<FrameToken>;
  resize(height: number): void;
  card(card: FrameMessages['card']): void;
  notify(notice: FrameMessages['notify']): void;
  /** Only where the host has said that it can. False as well when it does not answer: nothing is done unasked. */
  confirm(question: FrameMessages['confirm']): Promise<boolean>;
  navigate(to: FrameMessages['navigate']): void;
}

/** An answer to one of our questions. */
interface Waiting {
  type: keyof typeof Inbound;
  resolve(payload: unknown): void;
  reject(error: Error): void;
}

export function createBridge(options: BridgeOptions): Bridge {
  const { window, embedId } = options;
  const timers: ReturnType<typeof setTimeout>[] = [];
  const waiting = new Map<string, Waiting>();
  let host: string | null = null;
  let count = 0;

  function post<T extends FrameMessageType>(type: T, payload: FrameMessages[T]): string {
    const id = `${embedId}-${(count += 1)}`;
    const message = { p: FRAME_PROTOCOL, v: FRAME_VERSION, type, id, payload };
    // The browser drops what is meant for another origin than the parent's.
    for (const origin of host === null ? options.origins : [host]) window.parent.postMessage(message, origin);
    return id;
  }

  function tell<T extends FrameMessageType>(type: T, payload: FrameMessages[T]): void {
    if (host !== null) post(type, payload);
  }

  /** @throws Error the host's code, or `timeout` */
  function answerTo<T>(id: string, type: Waiting['type'], timeoutMs: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('timeout')), timeoutMs);
      waiting.set(id, {
        type,
        resolve: (payload) => (clearTimeout(timer), resolve(payload as T)),
        reject: (error) => (clearTimeout(timer), reject(error)),
      });
    }).finally(() => waiting.delete(id)) as Promise<T>;
  }

  function onMessage(event: MessageEvent): void {
    if (event.source !== window.parent) return;
    if (host === null ? !options.origins.includes(event.origin) : event.origin !== host) return;
    const envelope = v.safeParse(Envelope, event.data);
    if (!envelope.success || !Object.hasOwn(Inbound, envelope.output.type)) return;
    const type = envelope.output.type as keyof typeof Inbound;
    const read = v.safeParse(Inbound[type], envelope.output.payload);
    if (!read.success) return;
    take(type, read.output, envelope.output.re, event.origin);
  }

  function take(type: keyof typeof Inbound, payload: unknown, re: string | undefined, origin: string): void {
    if (type === 'init') {
      const init = payload as FrameInit;
      if (init.embed_id !== embedId) return;
      host = origin;
      timers.splice(0).forEach(clearTimeout);
      options.onInit(init);
    } else if (host === null) {
      return;
    } else if (type === 'token.response' || type === 'confirm.response') {
      const question = re === undefined ? undefined : waiting.get(re);
      if (question?.type === type) question.resolve(payload);
    } else if (type === 'locale.changed') {
      options.onLocale((payload as FrameMessages['locale.changed']).locale);
    } else if (type === 'theme.changed') {
      options.onTheme((payload as FrameMessages['theme.changed']).theme);
    } else if (type === 'visibility') {
      options.onVisibility((payload as FrameMessages['visibility']).visible);
    } else if (re !== undefined) {
      waiting.get(re)?.reject(new Error((payload as FrameMessages['error']).code));
    }
  }

  return {
    start() {
      if (embedId === '' || options.origins.length === 0 || (window.parent as unknown) === window) {
        options.onUnanswered();
        return;
      }
      window.addEventListener('message', onMessage);
      for (const delay of READY_AT_MS) {
        timers.push(setTimeout(() => post('ready', { embed_id: embedId }), delay));
      }
      timers.push(setTimeout(options.onUnanswered, UNANSWERED_AFTER_MS));
    },
    stop() {
      window.removeEventListener('message', onMessage);
      timers.splice(0).forEach(clearTimeout);
    },
    requestToken(reason) {
      if (host === null) return Promise.reject(new Error('no_host'));
      const id = post('token.request', { reason });
      return answerTo<FrameToken>(id, 'token.response', TOKEN_TIMEOUT_MS);
    },
    async confirm(question) {
      if (host === null) return false;
      const id = post('confirm', question);
      const answer = answerTo<{ confirmed: boolean }>(id, 'confirm.response', CONFIRM_TIMEOUT_MS);
      return (await answer.catch(() => ({ confirmed: false }))).confirmed;
    },
    navigate: (to) => tell('navigate', to),
    resize: (height) => tell('resize', { height }),
    card: (card) => tell('card', card),
    notify: (notice) => tell('notify', notice),
  };
}
