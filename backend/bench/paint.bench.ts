import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../test/browser.ts';
import type { Figures } from './figures.ts';

/** A telephone of the middle class, by WebPageTest's "3G Fast". */
const SLOWER = 4;
const NETWORK = {
  offline: false,
  latency: 150,
  downloadThroughput: (1.6 * 1024 * 1024) / 8,
  uploadThroughput: (768 * 1024) / 8,
};
const ROUNDS = 5;
const CAMPAIGNS = 50;
/** A file of so many rows makes the page of a campaign as long as it gets. */
const ROWS = 1000;

interface Painted {
  /** From the frame's navigation to the first state of the card, be it an outline, in ms. */
  first: number;
  /** To what the reader has come for, in ms. */
  shown: number;
  /** Cumulative layout shift, as browsers count it. */
  shift: number;
}

/** The card on a slow telephone: when something is seen, when it can be used, and how much jumps meanwhile. */
export async function paintBench(figures: Figures): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-paint-'));
  const product = await startProduct(folder);
  const browser = await launchBrowser();
  try {
    const id = await fill(product);
    const views = [
      { name: 'list', hash: '', wanted: '.campaign-line' },
      { name: 'campaign', hash: `#/campaigns/${id}`, wanted: '.review-ready' },
    ];
    for (const view of views) {
      const rounds: Painted[] = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await load(browser, product, view));
      const of = (key: keyof Painted) => median(rounds.map((each) => each[key]));
      figures.atMost(`${view.name}: first state drawn`, of('first'), 1000, ' ms');
      figures.informational(`${view.name}: can be used`, of('shown'), ' ms');
      figures.atMost(`${view.name}: layout shift`, Math.max(...rounds.map(({ shift }) => shift)), 0.02, '');
    }
  } finally {
    await browser.close();
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** With nothing in the browser's cache. */
async function load(
  browser: Browser,
  { crm }: Product,
  { hash, wanted }: { hash: string; wanted: string },
): Promise<Painted> {
  const context = await browser.newContext({ viewport: { width: 412, height: 915 }, locale: 'ru-RU' });
  const page = await context.newPage();
  await page.addInitScript(`
    window.shift = 0;
    new PerformanceObserver((list) => {
      for (const { value, hadRecentInput } of list.getEntries()) if (!hadRecentInput) window.shift += value;
    }).observe({ type: 'layout-shift', buffered: true });
    // The outline of what is coming has no letters, so the browser's own first contentful paint is a later one.
    new MutationObserver((_, observer) => {
      if (!document.querySelector('.app > *')) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => (window.drawn = performance.now())));
    }).observe(document, { subtree: true, childList: true });
  `);
  // A campaign stands in the frame's address, as after a reload of the frame.
  if (hash !== '') {
    await page.addInitScript(
      `if (location.pathname === '/widget/') location.hash = ${JSON.stringify(hash)};`,
    );
  }
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  await session.send('Network.emulateNetworkConditions', NETWORK);
  await page.goto(`${crm}/integration/mass-messaging?tenant=romashka`, { timeout: 60_000 });
  await page.frameLocator('#frame').locator(wanted).first().waitFor({ timeout: 60_000 });
  const frame = page.frames().find((each) => each.url().includes('/widget/'))!;
  const painted = (await frame.evaluate(`(async () => {
    const shown = performance.now();
    // What comes after it may push it down yet.
    await new Promise((resume) => setTimeout(resume, 1500));
    return { first: window.drawn, shown, shift: window.shift };
  })()`)) as Painted;
  await context.close();
  return painted;
}

interface Product {
  backend: string;
  crm: string;
  stop(): Promise<unknown>;
}

async function startProduct(folder: string): Promise<Product> {
  const [port, sandboxPort] = [await freePort(), await freePort()];
  const env = {
    ...process.env,
    PORT: String(port),
    SANDBOX_PORT: String(sandboxPort),
    BASE_URL: `http://localhost:${port}`,
    DATA_DIR: folder,
    DATABASE_URL: '',
  };
  const child = spawn(process.execPath, ['sandbox/start.mjs'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => child.once('exit', done));
  await new Promise<void>((ready, fail) => {
    child.stdout.on('data', (text) => String(text).includes('Open ') && ready());
    child.once('exit', () => fail(new Error('the product has not started')));
  });
  return {
    backend: `http://localhost:${port}`,
    crm: `http://localhost:${sandboxPort}`,
    stop: () => (child.kill('SIGTERM'), ended),
  };
}

/** @returns a campaign that is ready to start */
async function fill({ backend, crm }: Product): Promise<number> {
  await call(`${crm}/sandbox/install`, 'POST', { tenant: 'romashka' });
  const who = { tenant: 'romashka', user: 'user-anna', role: 'admin' };
  const { token } = await call<{ token: string }>(`${crm}/sandbox/token`, 'POST', who);
  const headers = { authorization: `Bearer ${token}` };
  const url = `${backend}/api/campaigns`;
  let last = { id: 0, version: 0 };
  for (let i = 1; i <= CAMPAIGNS; i += 1) last = await call(url, 'POST', { name: `Рассылка ${i}` }, headers);
  const settings = { method: 'sms', channelId: 'sms-romashka', text: 'Здравствуйте, {{Имя}}!' };
  await call(`${url}/${last.id}`, 'PATCH', { version: last.version, settings }, headers);
  const rows = Array.from({ length: ROWS }, (_, i) => `8912${String(i).padStart(7, '0')};Имя${i}`);
  const answer = await fetch(`${url}/${last.id}/lists/main`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'text/csv' },
    body: ['Телефон;Имя', ...rows].join('\r\n'),
  });
  if (!answer.ok) throw new Error(`upload: ${answer.status}`);
  return last.id;
}

async function call<T>(url: string, method: string, body: object, headers: object = {}): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
  return (answer.status === 204 ? null : await answer.json()) as T;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
