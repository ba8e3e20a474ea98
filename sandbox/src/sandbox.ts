import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import express from 'express';
import { Agent } from 'undici';
import { Catalogue } from './catalogue.ts';
import { Chance } from './chance.ts';
import { now, Scheduler } from './clock.ts';
import { controlApi } from './control-api.ts';
import { Conversations } from './conversations.ts';
import { Customers } from './customers.ts';
import { Events } from './events.ts';
import { hostApi } from './host-api.ts';
import { Identity } from './identity.ts';
import { Installs } from './installs.ts';
import { Journal, type Entry } from './journal.ts';
import { Ledger } from './ledger.ts';
import { problemHandler } from './problem.ts';
import { Receipts } from './receipts.ts';
import { SettingsBox } from './settings.ts';
import { TENANTS } from './tenants.ts';
import { Tokens } from './tokens.ts';
import { pages } from './views/pages.ts';
import { Webhooks } from './webhooks.ts';

/** After a restart, receipts and replies are played on only for messages this young. */
const RESUME_WITHIN_MS = 2 * 60_000;

export interface SandboxOptions {
  /** 0 takes any free port. */
  port: number;
  backendUrl: string;
  /** null keeps nothing on disk. */
  dataDir: string | null;
}

export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

/** The stand-in host CRM: real HTTP on 127.0.0.1, everything else within this process. */
export async function startSandbox({ port, backendUrl, dataDir }: SandboxOptions) {
  let url = '';
  const issuer = () => url;
  const agent = new Agent({ connections: 16, keepAliveTimeout: 30_000 });
  const identity = new Identity(dataDir);
  const journal = new Journal(dataDir && join(dataDir, 'ledger.jsonl'));
  const settings = new SettingsBox();
  const chance = new Chance(() => settings.get().seed);
  const scheduler = new Scheduler();
  const ledger = new Ledger(journal);
  const catalogue = new Catalogue(issuer);
  const conversations = new Conversations(journal);
  const events = new Events(ledger);
  const webhooks = new Webhooks(backendUrl, identity, events, scheduler, agent);
  const receipts = new Receipts(settings, chance, scheduler, ledger, catalogue, events, webhooks);
  const customers = new Customers(
    settings,
    chance,
    scheduler,
    ledger,
    catalogue,
    conversations,
    receipts,
    events,
    webhooks,
  );
  const tokens = new Tokens(identity, issuer);
  const installs = new Installs(backendUrl, issuer, identity, tokens, agent);
  const parts = {
    identity,
    settings,
    chance,
    ledger,
    catalogue,
    conversations,
    events,
    webhooks,
    receipts,
    customers,
    tokens,
    installs,
  };

  await journal.read((entry) => restore(entry, ledger, conversations, events));

  const app = express().disable('x-powered-by').disable('etag');
  app.use(express.json({ limit: '256kb' }));
  app.get('/health', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.post('/oauth/token', (request, response) => {
    response.json(installs.exchange((request.body as { install_code?: unknown } | undefined)?.install_code));
  });
  app.use('/v1', hostApi(parts));
  app.use('/sandbox', controlApi(parts));
  app.use(pages({ ...parts, hostUrl: issuer }));
  app.use(problemHandler);

  const server = createServer(app);
  // Longer than any client keeps a connection idle: else a request may meet a socket that is being closed.
  server.keepAliveTimeout = 120_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  url = `http://localhost:${(server.address() as AddressInfo).port}`;
  identity.writeHosts(url);
  for (const record of ledger.entries()) {
    if (record.at > now() - RESUME_WITHIN_MS) receipts.plan(record, record.status);
  }

  let stopping: Promise<void> | null = null;
  async function close(): Promise<void> {
    scheduler.stop();
    webhooks.stop();
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
    await agent.destroy();
    await journal.close();
  }

  return { url, tenants: TENANTS, hosts: identity.hosts(url), ...parts, stop: () => (stopping ??= close()) };
}

function restore(entry: Entry, ledger: Ledger, conversations: Conversations, events: Events): void {
  if (entry.a) ledger.restore(entry.a);
  if (entry.p !== undefined) ledger.restoreReplay(entry.p);
  if (entry.c) conversations.restoreChat(entry.c);
  if (entry.r) {
    conversations.restoreInbound(entry.r);
    events.add(entry.r.tenant, { kind: 'reply', inbound: entry.r });
  }
  if (entry.s) {
    const [n, status, at] = entry.s;
    const record = ledger.at(n);
    if (!record) return;
    ledger.restoreStatus(n, status);
    events.add(record.tenant, { kind: 'status', n, status, at });
  }
}
