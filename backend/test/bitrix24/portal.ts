import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { access, profile } from './fixtures.ts';

/** A stand-in for Bitrix24: its server of authorisation and one portal, at one address. */
export class Portal {
  readonly asked: { path: string; query: URLSearchParams; body: string }[] = [];
  /** What the server of authorisation says; null: no such access. */
  access: object | null = null;
  /** Whom an access is of; none: it does not work here. */
  readonly profiles = new Map<string, object>();
  /** The portal's own page. */
  page = '';
  private server!: Server;

  static async start(): Promise<Portal> {
    const portal = new Portal();
    portal.server = createServer((incoming, answer) => {
      void portal.answerTo(incoming).then(({ status, type, text }) => {
        answer.writeHead(status, { 'content-type': type }).end(text);
      });
    }).listen(0, '127.0.0.1');
    await once(portal.server, 'listening');
    portal.access = access(portal.url);
    portal.profiles.set('ydtj8pho532wydb5ixk78ol7uqlb7sch', profile());
    portal.profiles.set('s6p6eclrvim6da22ft9ch94ekreb52lv', profile());
    return portal;
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
  }

  private async answerTo(incoming: IncomingMessage) {
    let body = '';
    for await (const piece of incoming) body += String(piece);
    const { pathname, searchParams } = new URL(incoming.url!, this.url);
    this.asked.push({ path: pathname, query: searchParams, body });
    const json = (value: unknown) => ({
      status: value ? 200 : 401,
      type: 'application/json',
      text: JSON.stringify(value ?? { error: 'expired_token' }),
    });
    if (pathname === '/oauth/token/') return json(this.access);
    if (pathname === '/rest/profile')
      return json(this.profiles.get((JSON.parse(body) as { auth: string }).auth));
    return { status: 200, type: 'text/html', text: this.page };
  }
}
