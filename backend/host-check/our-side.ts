/** Us, as a host meets us while it is checked: takes its install call and its webhooks, and is shown in its page. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as v from 'valibot';
import { readManifest } from '../src/host/manifest.ts';
import { PROJECT_ROOT } from '../src/project-root.ts';

export interface HeardWebhook {
  headers: Record<string, string>;
  body: string;
}

/** An install call, and what its code was good for, the first and the second time. */
export interface InstallCall extends HeardWebhook {
  exchanges: { status: number; body: unknown }[];
}

const TextSchema = v.nullable(v.record(v.string(), v.unknown()));

/** What `frame.js` saw. */
export const FrameReportSchema = v.object({
  query: v.record(v.string(), v.string()),
  referrer: v.string(),
  strangerAnswered: v.boolean(),
  init: TextSchema,
  fresh: TextSchema,
  heights: v.array(v.object({ asked: v.number(), got: v.number() })),
});
export type FrameReport = v.InferOutput<typeof FrameReportSchema>;

const FRAME = `<!doctype html><meta charset="utf-8"><title>host:check</title>
<body>host:check looks at this page …<script type="module" src="/host-check/frame.js"></script>`;

export class OurSide {
  readonly webhooks: HeardWebhook[] = [];
  private installs: InstallCall[] = [];
  private reports: FrameReport[] = [];
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      this.take(request, response).catch(() => response.writeHead(400).end());
    });
  }

  /** @param port 0: any that is free */
  static async start(port: number): Promise<OurSide> {
    const side = new OurSide();
    side.server.listen(port);
    await once(side.server, 'listening');
    return side;
  }

  get url(): string {
    return `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.close();
    this.server.closeAllConnections();
  }

  /** Webhooks whose body holds this text; none after so many milliseconds. */
  async heard(text: string, withinMs: number): Promise<HeardWebhook[]> {
    const found = () => this.webhooks.filter(({ body }) => body.includes(text));
    await this.until(() => found().length > 0, withinMs);
    return found();
  }

  async frame(withinMs: number): Promise<FrameReport | null> {
    await this.until(() => this.reports.length > 0, withinMs);
    return this.reports[0] ?? null;
  }

  async installed(withinMs: number): Promise<InstallCall | null> {
    await this.until(() => this.installs.length > 0, withinMs);
    return this.installs[0] ?? null;
  }

  private async until(enough: () => boolean, withinMs: number): Promise<void> {
    const signal = AbortSignal.timeout(withinMs);
    while (!enough() && !signal.aborted) await once(this.server, 'heard', { signal }).catch(() => null);
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += String(piece);
    const { pathname } = new URL(request.url!, this.url);
    const headers = request.headers as Record<string, string>;
    if (request.method === 'GET') return this.show(pathname, response);
    if (pathname === '/host-check/frame') this.reports.push(v.parse(FrameReportSchema, JSON.parse(body)));
    else if (pathname === '/api/host/installed')
      this.installs.push({ headers, body, exchanges: await exchanged(body) });
    else if (!pathname.startsWith('/api/host/')) this.webhooks.push({ headers, body });
    const isInstall = pathname === '/api/host/installed';
    response.writeHead(isInstall ? 200 : 202, { 'content-type': 'application/json' });
    response.end(isInstall ? '{"status":"active"}' : undefined);
    this.server.emit('heard');
  }

  private show(pathname: string, response: ServerResponse): void {
    if (pathname === '/manifest.json') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(readManifest(this.url)));
    } else if (pathname === '/host-check/frame.js') {
      const script = readFileSync(join(PROJECT_ROOT, 'backend/host-check/frame.js'));
      response.setHeader('content-type', 'text/javascript').end(script);
    } else if (pathname.startsWith('/widget/')) {
      response.setHeader('content-type', 'text/html').end(FRAME);
    } else response.writeHead(404).end();
  }
}

/** As we do before we answer; and once more, which must not work. */
async function exchanged(body: string): Promise<InstallCall['exchanges']> {
  const read = v.safeParse(
    v.object({ install_code: v.string(), host_api: v.object({ token_url: v.string() }) }),
    JSON.parse(body),
  );
  if (!read.success || !URL.canParse(read.output.host_api.token_url)) return [];
  const exchanges: InstallCall['exchanges'] = [];
  for (let nth = 0; nth < 2; nth += 1) {
    const answer = await fetch(read.output.host_api.token_url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ install_code: read.output.install_code }),
      redirect: 'manual',
      signal: AbortSignal.timeout(5000),
    }).catch(() => null);
    exchanges.push({ status: answer?.status ?? 0, body: await answer?.json().catch(() => null) });
  }
  return exchanges;
}
