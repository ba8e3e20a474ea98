import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Page } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';

/** A CRM of somebody else, made of a page, a place that gives tokens, and embed.js; and pages that mean no good. */
let host: TestApp;
let browser: Browser;
let crm: Server;
let page: Page;
let origin: string;
/** Tokens given out, by tenant. */
let given: string[] = [];
let refuseTokens = false;

const EMBED = join(process.cwd(), 'sandbox/src/pages/embed.js');

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
  crm = createServer((request, response) => {
    void answer(request.url!).then(({ type, body }) => {
      response.writeHead(type === null ? 403 : 200, { 'content-type': type ?? 'text/plain' }).end(body);
    });
  }).listen(0, '127.0.0.1');
  await once(crm, 'listening');
  origin = `http://127.0.0.1:${(crm.address() as AddressInfo).port}`;
  for (const tenant of ['romashka', 'vasilek'])
    await host.sandbox.installs.update(tenant, { origins: [origin] });
  await host.as('romashka').create('Ромашки');
  await host.as('vasilek').create('Cornflowers');
});
afterAll(async () => {
  await browser?.close();
  crm?.close();
  await host?.stop();
});
beforeEach(async () => {
  given = [];
  refuseTokens = false;
  page = await browser.newPage();
  await page.goto(origin);
});

async function answer(path: string): Promise<{ type: string | null; body: string }> {
  if (path === '/embed.js') return { type: 'text/javascript', body: await readFile(EMBED, 'utf8') };
  const tenant = /^\/token\/(\w+)$/.exec(path)?.[1];
  if (!tenant)
    return {
      type: 'text/html',
      body: '<!doctype html><title>CRM</title><div id="a"></div><div id="b"></div>',
    };
  if (refuseTokens) return { type: null, body: '' };
  given.push(tenant);
  const token = host.sandbox.tokens.session(tenant, { user: 'u-1', role: 'supervisor' });
  return { type: 'application/json', body: JSON.stringify(token) };
}

/** As its page would write it; `heard` is what the frame told the page. */
async function embed(tenant: string, into = 'a', locale = 'ru', more = ''): Promise<void> {
  await page.evaluate(`(async () => {
    const { embed } = await import('/embed.js');
    window.heard ??= [];
    window['card-${into}'] = embed({
      into: document.getElementById('${into}'),
      url: '${host.baseUrl}/widget/',
      host: '${host.sandbox.url}',
      tenant: '${tenant}',
      locale: '${locale}',
      user: { display_name: 'Мария' },
      token: () => fetch('/token/${tenant}').then((answer) => answer.json()),
      onCard: (card) => heard.push(card),
      onError: (error) => heard.push({ error: String(error.message ?? error) }),
      ${more}
    });
  })()`);
}

const card = (into = 'a') => page.frameLocator(`#${into} iframe`);
const open = (name: string, into = 'a') => card(into).getByRole('button', { name, exact: true });

test('ten lines embed the card: it opens, follows language and theme, tells its height and its campaign', async () => {
  await embed('romashka');
  await open('Ромашки').waitFor();
  expect(given).toEqual(['romashka']);
  const frame = page.locator('#a iframe');
  expect(await frame.getAttribute('src')).not.toMatch(/token|eyJ/);
  await open('Ромашки').click();
  await page.waitForFunction(`heard.some(({ name }) => name === 'Ромашки')`);
  await page.evaluate(`window['card-a'].setLocale('en'), window['card-a'].setTheme('dark')`);
  await card().locator('html[lang=en][data-theme=dark]').waitFor();
  await page.waitForFunction(`document.querySelector('#a iframe').style.height !== '640px'`);
  await page.evaluate(`window['card-a'].remove()`);
  expect(await frame.count()).toBe(0);
});

test('two cards on one page are two accounts, and neither hears the other', async () => {
  await embed('romashka', 'a', 'ru');
  await embed('vasilek', 'b', 'en');
  await open('Ромашки', 'a').waitFor();
  await open('Cornflowers', 'b').waitFor();
  expect(await open('Cornflowers', 'a').count()).toBe(0);
  expect(given.sort()).toEqual(['romashka', 'vasilek']);
});

test('a page that no installation knows cannot show the card', async () => {
  await host.sandbox.installs.update('romashka', { origins: ['https://crm.example'] });
  try {
    await embed('romashka');
    const refused = await page.waitForEvent('console', (message) =>
      message.text().includes('frame-ancestors'),
    );
    expect(refused.type()).toBe('error');
    expect(given).toEqual([]);
  } finally {
    await host.sandbox.installs.update('romashka', { origins: [origin] });
  }
});

test('what others say is not believed: another window, another embedding, another account, a repeat', async () => {
  await embed('romashka');
  await open('Ромашки').waitFor();
  const stranger = host.sandbox.tokens.session('vasilek', { user: 'evil', role: 'admin' });
  const init = (embedId: string) => ({
    p: 'rmo-embed',
    v: 1,
    type: 'init',
    id: 'x',
    payload: { embed_id: embedId, ...stranger, locale: 'en', theme: 'dark', user: { display_name: 'Evil' } },
  });
  // From a frame beside it on the same page: the right origin, the wrong window.
  await page.evaluate(`new Promise((done) => {
    const beside = document.createElement('iframe');
    beside.src = '/beside';
    beside.onload = () => {
      const frame = document.querySelector('#a iframe');
      const embedId = new URL(frame.src).searchParams.get('embed_id');
      const message = { ...${JSON.stringify(init('?'))} };
      message.payload.embed_id = embedId;
      beside.contentWindow.eval('parent.document.querySelector("#a iframe").contentWindow.postMessage(' + JSON.stringify(message) + ', "*")');
      done();
    };
    document.body.append(beside);
  })`);
  // From the right window, meant for another embedding; and of protocols and types that are not ours.
  await page.evaluate(`(() => {
    const { contentWindow } = document.querySelector('#a iframe');
    for (const message of [${JSON.stringify(init('0'.repeat(32)))}, { ...${JSON.stringify(init('x'))}, p: 'other' }, 'init', null, { type: '__proto__' }])
      contentWindow.postMessage(message, '${host.baseUrl}');
  })()`);
  await page.evaluate(`window['card-a'].setTheme('dark')`);
  await card().locator('html[data-theme=dark]').waitFor();
  await open('Ромашки').waitFor();
  expect(await card().getByText('Cornflowers').count()).toBe(0);
  expect(await card().locator('html').getAttribute('lang')).toBe('ru');
});

test('a host that gives no token leaves the card waiting, says so to its page, and can go on', async () => {
  refuseTokens = true;
  await embed('romashka');
  await page.waitForFunction(`heard.some(({ error }) => error)`);
  expect(await open('Ромашки').count()).toBe(0);
  refuseTokens = false;
  await open('Ромашки').waitFor();
});

test('a card that nobody sees asks for nothing, and is up to date as soon as it is seen', async () => {
  await page.clock.install();
  await embed('romashka');
  const card = page.frameLocator('#a iframe');
  await card.getByRole('button', { name: 'Ромашки', exact: true }).waitFor();
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const frame = page.frames().find((each) => each.url().includes('/widget/'))!;
  await frame.evaluate(`window.addEventListener('message', (event) => {
    if (event.data.type === 'visibility') window.seen = event.data.payload.visible;
  })`);
  const told = (seen: boolean) => frame.waitForFunction(`window.seen === ${seen}`, null, { polling: 50 });
  await page.evaluate(`document.getElementById('a').style.visibility = 'hidden';
    document.getElementById('a').style.display = 'none'`);
  await told(false);
  await host.as('romashka').create('Новинка');
  asked.length = 0;
  // A minute of the page's own clock: twelve looks of a card that is seen.
  await page.clock.runFor(60_000);
  expect(asked.filter((url) => url.includes('/api/campaigns'))).toEqual([]);
  await page.evaluate(`document.getElementById('a').style = ''`);
  await card.getByRole('button', { name: 'Новинка', exact: true }).waitFor();
});

test('a host that can ask is asked over its whole page, and only what it confirms is done', async () => {
  const { id } = await host.as('romashka').create('Лишняя');
  const asks = 'onConfirm: (question) => (heard.push(question), window.says),';
  await page.evaluate('window.says = false');
  await embed('romashka', 'a', 'ru', asks);
  await open('Лишняя').click();
  const remove = open('Удалить рассылку');
  await remove.click();
  await page.waitForFunction(`heard.some(({ title }) => title?.includes('Лишняя'))`);
  expect(await page.evaluate(`heard.find(({ title }) => title)`)).toMatchObject({
    text: expect.stringMatching(/[а-я]/),
    ok: 'Удалить рассылку',
    cancel: 'Отмена',
    danger: true,
  });
  expect(await card().getByRole('dialog').count()).toBe(0);
  await host.as('romashka').get(id);
  await page.evaluate('window.says = true');
  await remove.click();
  await open('Новая рассылка').waitFor();
  await host.as('romashka').call('get', `/campaigns/${id}`).expect(404);
});
