import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import request from 'supertest';
import { PresetApp } from '../../backend/test/preset-app.ts';
import { ACCOUNT, claims, SECRET, token, TOKENS } from '../../backend/test/kommo/fixtures.ts';
import { launchBrowser } from '../../backend/test/browser.ts';

/** An account of Kommo's, made from the documentation: its API, and a page that knows `define` and `$authorizedAjax`. */
let browser: Browser;
let preset: PresetApp;
let kommo: Server;
let account: string;

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
</script><script src="${preset.baseUrl}/kommo/script.js"></script>`;

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
  const record = {
    preset: 'kommo',
    issuer: account,
    name: 'Kommo',
    integrationId: claims(0).client_uuid,
  };
  [preset, browser] = await Promise.all([
    PresetApp.start([record], { KOMMO_SECRET: SECRET }),
    launchBrowser(),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await preset?.stop();
  kommo?.close();
});

test('after the install, the integration’s settings show the card', async () => {
  const referer = new URL(account).host;
  await request(preset.baseUrl)
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
