import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  contact,
  conversation,
  INBOXES,
  TENANT,
  TOKEN,
  webhook,
  type StoredConversation,
  type StoredMessage,
} from './fixtures.ts';

interface Asked {
  method: string;
  path: string;
  body: unknown;
}

/** A stand-in for one account of Chatwoot: keeps what it gets, tells of it by signed webhooks when it is told to. */
export class ChatwootStandIn {
  readonly asked: Asked[] = [];
  readonly contacts = new Map<string, number>();
  readonly conversations: StoredConversation[] = [];
  readonly templateParams: unknown[] = [];
  webhook: { url: string; secret: string; subscriptions: string[] } | null = null;
  /** Answers in place of Chatwoot: a status and a body, or a cut connection after the work was done. */
  instead: (asked: Asked) => { status: number; body: object } | 'cut' | null = () => null;
  private ids = 1000;
  private server!: Server;

  static async start(): Promise<ChatwootStandIn> {
    const standIn = new ChatwootStandIn();
    standIn.server = createServer((incoming, answer) => void standIn.take(incoming, answer)).listen(
      0,
      '127.0.0.1',
    );
    await once(standIn.server, 'listening');
    return standIn;
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  askedFor(path: string): Asked[] {
    return this.asked.filter((each) => each.path.startsWith(path));
  }

  /** What a customer writes: into the chat that is open, else into a new one. */
  answer(
    to: StoredConversation,
    content: string,
  ): { conversation: StoredConversation; message: StoredMessage } {
    let open = this.conversations.find((each) => each.phone === to.phone && each.status !== 'resolved');
    if (!open) {
      open = { id: ++this.ids, inbox: to.inbox, phone: to.phone, status: 'open', messages: [] };
      this.conversations.push(open);
    }
    const message = this.add(open, { content, message_type: 0 });
    return { conversation: open, message };
  }

  add(to: StoredConversation, what: Partial<StoredMessage>): StoredMessage {
    const message: StoredMessage = {
      ...{
        id: ++this.ids,
        content: '',
        content_attributes: {},
        private: false,
        status: 'sent',
        message_type: 1,
      },
      ...what,
    };
    to.messages.push(message);
    return message;
  }

  async tell(
    event: Parameters<typeof webhook>[0],
    of: StoredConversation,
    message: StoredMessage,
    changes: { secret?: string; aheadMs?: number; url?: string; sent?: (body: string) => string } = {},
  ): Promise<number> {
    const body = JSON.stringify(webhook(event, of, message));
    const timestamp = String(Math.floor((Date.now() + (changes.aheadMs ?? 0)) / 1000));
    const digest = createHmac('sha256', changes.secret ?? this.webhook!.secret).update(
      `${timestamp}.${body}`,
    );
    const { status } = await fetch(changes.url ?? this.webhook!.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-chatwoot-delivery': randomUUID(),
        'x-chatwoot-timestamp': timestamp,
        'x-chatwoot-signature': `sha256=${digest.digest('hex')}`,
      },
      body: changes.sent?.(body) ?? body,
    });
    return status;
  }

  private async take(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of incoming) text += String(piece);
    const { pathname, searchParams } = new URL(incoming.url!, this.url);
    const path = pathname.replace(`/api/v1/accounts/${TENANT}`, '');
    const asked = {
      method: incoming.method!,
      path,
      body: text === '' ? null : (JSON.parse(text) as unknown),
    };
    this.asked.push(asked);
    const isKnown = incoming.headers['api_access_token'] === TOKEN && path !== pathname;
    const instead = this.instead(asked);
    const said = !isKnown
      ? { status: 401, body: { error: 'Invalid Access Token' } }
      : instead === 'cut' || instead === null
        ? this.answerTo(asked, searchParams)
        : instead;
    if (instead === 'cut') incoming.socket.destroy();
    else answer.writeHead(said.status, { 'content-type': 'application/json' }).end(JSON.stringify(said.body));
  }

  private answerTo({ method, path, body }: Asked, query: URLSearchParams): { status: number; body: object } {
    const ok = (said: object) => ({ status: 200, body: said });
    const [, resource, id] = path.split('/');
    const given = (body ?? {}) as Record<string, never>;
    if (path === '/inboxes') return ok(INBOXES);
    if (resource === 'webhooks') return ok({ payload: this.webhooks(method, given) });
    if (path === '/contacts/search') {
      const found = [...this.contacts].filter(([phone]) => phone.includes(query.get('q')!));
      return ok({ meta: { count: found.length }, payload: found.map(([phone, nth]) => contact(nth, phone)) });
    }
    if (path === '/contacts') {
      const phone: string = given['phone_number']!;
      if (this.contacts.has(phone))
        return { status: 422, body: { message: 'Phone number has already been taken' } };
      this.contacts.set(phone, ++this.ids);
      return ok({ payload: { contact: contact(this.ids, phone), contact_inbox: null } });
    }
    if (path === '/conversations') return this.begin(given);
    const of = this.conversations.find((each) => String(each.id) === id);
    if (!of) return { status: 404, body: { error: 'Resource could not be found' } };
    if (method === 'POST') return ok(this.add(of, given));
    return ok({ meta: {}, payload: of.messages });
  }

  private webhooks(
    method: string,
    { webhook: given }: Record<string, { url: string; subscriptions: string[] }>,
  ) {
    if (method === 'GET') return { webhooks: this.webhook ? [this.webhook] : [] };
    this.webhook = { ...given!, secret: 'vtHnYQ9bTtQw1qjxfCs7eDbX' };
    return { webhook: { id: 5, account_id: TENANT, ...this.webhook } };
  }

  private begin(given: Record<string, never>) {
    const { inbox_id, contact_id, status, message } = given as Record<string, unknown>;
    const phone = [...this.contacts].find(([, id]) => id === contact_id)?.[0];
    if (!phone) return { status: 404, body: { error: 'Resource could not be found' } };
    const begun: StoredConversation = {
      ...{ id: ++this.ids, inbox: inbox_id as number, phone, status: status as string, messages: [] },
    };
    const { template_params, ...first } = message as Partial<StoredMessage> & { template_params?: unknown };
    this.templateParams.push(template_params ?? null);
    this.add(begun, first);
    this.conversations.push(begun);
    return { status: 200, body: conversation(begun) };
  }
}
