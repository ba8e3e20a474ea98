import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, importSPKI, jwtVerify } from 'jose';
import { Webhook } from 'standardwebhooks';
import type {
  HostWebhook,
  InstallationSecrets,
  InstalledEvent,
  LifecycleEvent,
} from '../../contract/host-api.ts';
import type { HostRecord } from '../src/identity.ts';

export interface Received {
  at: number;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** As much of an integration as the sandbox talks to: manifest, lifecycle and webhooks. */
export async function startStubIntegration() {
  let hosts: HostRecord[] = [];
  /** What to answer webhooks with, first to last; 204 when empty. */
  const webhookAnswers: number[] = [];
  let lifecycleAnswer = 204;
  const lifecycle: {
    name: string;
    event: InstalledEvent | LifecycleEvent;
    claims: Record<string, unknown>;
  }[] = [];
  const secrets: InstallationSecrets[] = [];
  const webhooks: Received[] = [];
  const waiting: { enough: (all: Received[]) => boolean; done: () => void }[] = [];

  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const path = request.url!;
    if (path === '/manifest.json') {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(manifest(url)));
    } else if (path.startsWith('/api/host/')) {
      response.statusCode = await takeLifecycle(path.slice('/api/host/'.length), request, body);
      response.end();
    } else if (path.startsWith('/api/webhooks/host/')) {
      webhooks.push({ at: Date.now(), path, headers: request.headers, body: body.toString() });
      response.writeHead(webhookAnswers.shift() ?? 204).end();
      for (const wait of waiting) if (wait.enough(webhooks)) wait.done();
    } else {
      response.writeHead(404).end();
    }
  }

  async function takeLifecycle(name: string, request: IncomingMessage, body: Buffer): Promise<number> {
    const token = request.headers.authorization!.replace('Bearer ', '');
    const host = hosts.find(({ issuer }) => issuer === decodeJwt(token).iss)!;
    const { payload } = await jwtVerify(token, await importSPKI(host.keys[0]!.publicKey, 'ES256'), {
      issuer: host.issuer,
      audience: url,
      typ: 'host-lifecycle+jwt',
      algorithms: ['ES256'],
    });
    const event = JSON.parse(body.toString()) as InstalledEvent | LifecycleEvent;
    if (payload.bsh !== createHash('sha256').update(body).digest('base64url')) return 401;
    if (payload.iid !== event.installation_id) return 401;
    lifecycle.push({ name, event, claims: payload });
    if (lifecycleAnswer < 300 && 'install_code' in event) secrets.push(await exchange(event));
    return lifecycleAnswer;
  }

  return {
    url,
    lifecycle,
    secrets,
    webhooks,
    webhookAnswers,
    trust: (records: HostRecord[]) => void (hosts = records),
    answerLifecycleWith: (status: number) => void (lifecycleAnswer = status),
    /** Resolves once the webhooks received so far are enough. */
    received(enough: (all: Received[]) => boolean): Promise<void> {
      if (enough(webhooks)) return Promise.resolve();
      return new Promise((done) => waiting.push({ enough, done }));
    },
    /** @returns the webhooks' bodies, each checked against the signature with the first installation's secret */
    verified(): HostWebhook[] {
      const verifier = new Webhook(secrets[0]!.webhook_secret);
      return webhooks.map(
        ({ body, headers }) => verifier.verify(body, headers as Record<string, string>) as HostWebhook,
      );
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export async function exchange({ host_api, install_code }: InstalledEvent): Promise<InstallationSecrets> {
  const answer = await fetch(host_api.token_url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ install_code }),
  });
  if (!answer.ok) throw new Error(`token endpoint: ${answer.status}`);
  return (await answer.json()) as InstallationSecrets;
}

function manifest(url: string) {
  return {
    key: 'mass-messaging',
    name: { ru: 'Массовые рассылки', en: 'Mass Messaging' },
    base_url: url,
    placements: [{ url: '/widget/' }],
    lifecycle: {
      installed: '/api/host/installed',
      enabled: '/api/host/enabled',
      disabled: '/api/host/disabled',
      uninstalled: '/api/host/uninstalled',
    },
  };
}
