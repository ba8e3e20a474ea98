import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import type { Campaign, CampaignSettings } from '../../contract/campaign.ts';
import type { Role } from '../../contract/session.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';
import { createApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';

/** The whole backend over a fresh database, with the sandbox as its host: what a browser would talk to. */
export interface TestApp {
  app: NestExpressApplication;
  database: TestDatabase;
  sandbox: Sandbox;
  baseUrl: string;
  as(tenant: 'romashka' | 'vasilek', role?: Role): Api;
  stop(): Promise<void>;
}

export async function startApp(env: Record<string, string> = {}): Promise<TestApp> {
  const database = await cloneDatabase();
  const port = await freePort();
  const baseUrl = `http://localhost:${port}`;
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-app-'));
  const sandbox = await startSandbox({ port: 0, backendUrl: baseUrl, dataDir: null });
  quiet(sandbox);
  writeFileSync(join(folder, 'hosts.json'), JSON.stringify(sandbox.hosts));
  const config = readConfig({
    PORT: String(port),
    BASE_URL: baseUrl,
    DATA_DIR: folder,
    HOSTS_FILE: join(folder, 'hosts.json'),
    ALLOW_LOCAL_HOSTS: 'true',
    ...env,
  });
  const app = await createApp(config, database.dataSource);
  await app.listen(port, '127.0.0.1');
  await sandbox.installs.install('romashka');
  await sandbox.installs.install('vasilek');
  return {
    app,
    database,
    sandbox,
    baseUrl,
    as: (tenant, role = 'admin') =>
      new Api(baseUrl, () => sandbox.tokens.session(tenant, { user: `${role}-1`, role }).token),
    stop: async () => {
      await app.close();
      await sandbox.stop();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** No chance and no delay: every message is delivered and read at once, and nobody answers by himself. */
export function quiet(sandbox: Sandbox): void {
  sandbox.settings.change({
    latencyMs: 0,
    seed: 1,
    receipts: { delayMs: 0, deliveredShare: 1, readShare: 0, failedShare: 0 },
    customers: { replyShare: 0 },
  });
}

/** Calls of one user, each with a fresh token, as the widget makes them. */
export class Api {
  private readonly baseUrl: string;
  private readonly token: () => string;

  constructor(baseUrl: string, token: () => string) {
    this.baseUrl = baseUrl;
    this.token = token;
  }

  call(method: 'get' | 'post' | 'put' | 'patch' | 'delete', path: string): request.Test {
    return request(this.baseUrl)[method](`/api${path}`).set('Authorization', `Bearer ${this.token()}`);
  }

  async create(name: string): Promise<Campaign> {
    return (await this.call('post', '/campaigns').send({ name }).expect(201)).body as Campaign;
  }

  async get(id: number): Promise<Campaign> {
    return (await this.call('get', `/campaigns/${id}`).expect(200)).body as Campaign;
  }

  async change(id: number, settings: Partial<CampaignSettings>): Promise<Campaign> {
    const { version } = await this.get(id);
    return (await this.call('patch', `/campaigns/${id}`).send({ version, settings }).expect(200))
      .body as Campaign;
  }

  upload(id: number, slot: string, file: string | Uint8Array, name = 'file.csv'): request.Test {
    return this.call('put', `/campaigns/${id}/lists/${slot}?fileName=${encodeURIComponent(name)}`)
      .set('Content-Type', 'text/csv')
      .send(Buffer.from(file));
  }

  control(id: number, control: string, body: object = {}): request.Test {
    return this.call('post', `/campaigns/${id}/controls/${control}`).send(body);
  }

  /** Asks until a campaign is as wanted; each answer is an event to look at, and the test's own limit ends the wait. */
  async until(id: number, wanted: (campaign: Campaign) => boolean): Promise<Campaign> {
    for (;;) {
      const campaign = await this.get(id);
      if (wanted(campaign)) return campaign;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** CSV as Russian Excel writes it: windows-1251, `;`, CRLF. */
export function windows1251(text: string): Uint8Array {
  const table = new TextDecoder('windows-1251').decode(Uint8Array.from({ length: 256 }, (_, byte) => byte));
  return Uint8Array.from([...text], (character) => {
    const byte = table.indexOf(character);
    if (byte === -1) throw new Error(`${character} is not in windows-1251`);
    return byte;
  });
}
