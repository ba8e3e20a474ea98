import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { checkHost } from '../../host-check/check-host.ts';
import type { HeardWebhook } from '../../host-check/our-side.ts';
import { createApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { Api, freePort } from '../app.ts';
import { cloneDatabase } from '../database.ts';
import { startTinyHost } from './tiny-host.ts';

let tiny: Awaited<ReturnType<typeof startTinyHost>>;
beforeAll(async () => {
  tiny = await startTinyHost();
});
afterAll(() => tiny.stop());

test('a host written from the documentation installs the app, and its message arrives and is told to be delivered', async () => {
  const database = await cloneDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-tiny-'));
  const port = await freePort();
  const baseUrl = `http://localhost:${port}`;
  writeFileSync(join(folder, 'hosts.json'), JSON.stringify([tiny.record]));
  const config = readConfig({
    PORT: String(port),
    BASE_URL: baseUrl,
    DATA_DIR: folder,
    HOSTS_FILE: join(folder, 'hosts.json'),
    ALLOW_LOCAL_HOSTS: 'true',
  });
  const app = await createApp(config, database.dataSource);
  try {
    await app.listen(port);
    expect(await tiny.install(baseUrl)).toBe(200);
    const api = new Api(baseUrl, () => tiny.sessionToken());
    const { id } = await api.create('Tiny');
    await api.change(id, { method: 'sms', channelId: tiny.channel, text: 'Hello', ratePerMinute: 300 });
    await api.upload(id, 'main', 'Phone\r\n+79120000001\r\n').expect(200);
    await api.control(id, 'start').expect(200);
    const { progress } = await api.until(id, (campaign) => campaign.progress.account.delivered === 1);
    expect(progress.account.rows).toBe(1);
  } finally {
    await app.close();
    await database.drop();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('it passes the conformance run at level 2, and at level 3 lacks the templates and the feed alone', async () => {
  const arrived: HeardWebhook[] = [];
  const receiver = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const headers = request.headers as Record<string, string>;
      arrived.push({ headers, body: Buffer.concat(pieces).toString('utf8') });
      response.writeHead(202).end();
      receiver.emit('heard');
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  tiny.sendWebhooksTo(`http://127.0.0.1:${(receiver.address() as AddressInfo).port}`);
  const key = createSecretKey(Buffer.from(tiny.sessionKey, 'base64url'));
  const host = {
    level: 3,
    session: {
      token: tiny.sessionToken(),
      issuer: tiny.url,
      audience: 'mass-messaging',
      maxTtlSeconds: 300,
      key: { kid: '', alg: 'HS256', key },
    },
    install: null,
    page: null,
    api: { baseUrl: tiny.url, accessToken: tiny.accessToken, webhookSecret: tiny.webhookSecret },
    channel: tiny.channel,
    phone: '+79120000001',
    templateChannel: tiny.channel,
    fetch,
    heard: async () => {
      if (arrived.length === 0) await once(receiver, 'heard');
      return arrived;
    },
    replied: () => Promise.resolve([]),
  } as const;
  const findings = await checkHost(host);
  const failed = findings.filter(({ passed }) => !passed);
  expect(failed.map(({ level, what }) => `${level} ${what}`)).toEqual([
    '3 the templates are listed',
    '3 an answer arrives by webhook',
    '3 a chat is opened, and once',
    '3 the feed tells the same, oldest first',
  ]);
  receiver.close();
  receiver.closeAllConnections();
});
