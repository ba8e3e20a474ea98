import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import request from 'supertest';
import { freePort } from '../../backend/test/app.ts';
import { cloneDatabase, type TestDatabase } from '../../backend/test/database.ts';
import { ACCOUNT, claims, SECRET, token, TOKENS } from '../../backend/test/kommo/fixtures.ts';
import { createApp } from '../../backend/src/app.ts';
import { readConfig } from '../../backend/src/config.ts';
import { launchBrowser } from '../../backend/test/browser.ts';

/** An account of Kommo's, made from the documentation: its API, and a page that knows `define` and `$authorizedAjax`. */
let browser: Browser;
let database: TestDatabase;
let app: NestExpressApplication;
let kommo: Server;
let account: string;
let baseUrl: string;
const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-kommo-page-'));

const page = () => `<!doctype html><html lang="en"><title>Kommo</title><div id="settings"></div><script>
  const widget = {
    $authorizedAjax({ url }) {
      const call = { done: (then) => ((call.then = then), call), fail: (then) => ((call.wrong = then), call) };
      fetch(url, { headers: { 'X-Auth-Token': ${JSON.stringify(token({ iss: account, subdomain: 'localhost' }))} } })
        .then(async (answer) => (answer.ok ? call.then(await answer.json()) : call.wrong(answer)));
      return call;
    },
  };
  function define(needs, make) {
    make().call(widget);
    widget.callbacks.settings([document.getElementById('settings')]);
  }
</script><script src="${baseUrl}/kommo/script.js"></script>`;

beforeAll(async () => {
  kommo = createServer((incoming, answer) => {
    const path = incoming.url!.split('?')[0];
    if (path === '/oauth2/access_token') answer.end(JSON.stringify(TOKENS));
    else if (path === '/api/v4/account') answer.end(JSON.stringify({ ...ACCOUNT, subdomain: 'localhost' }));
    else if (path === '/') answer.setHeader('content-type', 'text/html').end(page());
    else answer.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(kommo, 'listening');
  account = `http://localhost:${(kommo.address() as AddressInfo).port}`;
  [database, browser] = await Promise.all([cloneDatabase(), launchBrowser()]);
  const port = await freePort();
  baseUrl = `http://localhost:${port}`;
  const record = {
    preset: 'kommo',
    issuer: account,
    name: 'Kommo',
    integrationId: claims(0).client_uuid,
  };
  writeFileSync(join(folder, 'hosts.json'), JSON.stringify([record]));
  const config = readConfig({
    BASE_URL: baseUrl,
    DATA_DIR: folder,
    HOSTS_FILE: join(folder, 'hosts.json'),
    ALLOW_LOCAL_HOSTS: 'true',
    KOMMO_SECRET: SECRET,
  });
  app = await createApp(config, database.dataSource);
  await app.listen(port, '127.0.0.1');
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  kommo?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

test('after the install, the integration’s settings show the card', async () => {
  const referer = new URL(account).host;
  await request(baseUrl)
    .get('/api/host/kommo/installed')
    .query({ code: 'def502', referer, from_widget: '1' })
    .expect(200);
  const settings = await browser.newPage();
  await settings.goto(account);
  const card = settings.frameLocator('#settings iframe');
  await card
    .getByRole('button', { name: /new campaign|create/i })
    .first()
    .waitFor();
  expect(await settings.locator('#settings iframe').getAttribute('src')).not.toMatch(/token|eyJ/);
});
