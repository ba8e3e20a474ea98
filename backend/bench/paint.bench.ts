import type { Browser } from 'playwright-core';
import { launchBrowser } from '../test/browser.ts';
import { until } from '../test/faults/waiting.ts';
import { World } from '../test/faults/world.ts';
import type { Figures } from './figures.ts';
import { median } from './rounds.ts';

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
/** A list that is long enough to be scrolled for a while. */
const MANY = 1000;
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
  const world = await World.open();
  const browser = await launchBrowser();
  try {
    const create = (i: number) => world.api('POST', '/campaigns', { name: `Campaign ${i}` });
    for (let i = 2; i <= CAMPAIGNS; i += 1) await create(i);
    const id = await world.campaign(1, ROWS, 60);
    // Of one that has run there is more to come late; paused, it holds still while it is looked at.
    const ran = await world.campaign(0, ROWS, 300);
    await world.begin(ran);
    await until(
      'the chart has something to show',
      60_000,
      async () => (await world.get(ran)).progress.lastMinute > 100,
    );
    await world.control(ran, 'pause');
    const views = [
      { name: 'list', hash: '', wanted: '.campaign-line' },
      { name: 'campaign', hash: `#/campaigns/${id}`, wanted: '.review-ready' },
      { name: 'campaign that ran', hash: `#/campaigns/${ran}`, wanted: '.pace-canvas canvas' },
    ];
    for (const view of views) {
      const rounds: Painted[] = [];
      for (let round = 0; round < ROUNDS; round += 1) rounds.push(await load(browser, world, view));
      const of = (key: keyof Painted) => median(rounds.map((each) => each[key]));
      figures.atMost(`${view.name}: first state drawn`, of('first'), 1000, ' ms');
      figures.informational(`${view.name}: can be used`, of('shown'), ' ms');
      figures.atMost(`${view.name}: layout shift`, Math.max(...rounds.map(({ shift }) => shift)), 0.02, '');
    }
    for (let i = CAMPAIGNS + 1; i <= MANY; i += 1) await create(i);
    const { longest, seconds } = await scroll(browser, world);
    figures.atMost(`list of ${MANY}: longest task while scrolled`, longest, 200, ' ms');
    figures.informational(`list of ${MANY}: scrolled to its end`, seconds, ' s');
  } finally {
    await browser.close();
    await world.close();
  }
}

interface Scrolled {
  /** How long the page once did nothing but compute, in ms. */
  longest: number;
  seconds: number;
}

/** From the top of the list to its end with the wheel, pages coming as they are needed. */
async function scroll(browser: Browser, { sandboxUrl }: World): Promise<Scrolled> {
  const context = await browser.newContext({ viewport: { width: 412, height: 915 }, locale: 'ru-RU' });
  const page = await context.newPage();
  await page.addInitScript(`
    window.longest = 0;
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) window.longest = Math.max(window.longest, duration);
    }).observe({ type: 'longtask' });
  `);
  await page.goto(`${sandboxUrl}/integration/mass-messaging?tenant=romashka`);
  const lines = page.frameLocator('#frame').locator('.campaign-line');
  await lines.first().waitFor();
  const frame = page.frames().find((each) => each.url().includes('/widget/'))!;
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: SLOWER });
  const seen = (await frame.evaluate(`new Promise((resume) => setTimeout(() => {
    for (const end = performance.now() + 100; performance.now() < end; );
    setTimeout(() => resume(window.longest), 500);
  }))`)) as number;
  if (seen < 100) throw new Error('the browser does not tell of long tasks');
  await frame.evaluate('window.longest = 0');
  const begun = performance.now();
  await page.mouse.move(200, 600);
  while ((await lines.count()) < MANY) await page.mouse.wheel(0, 600);
  const seconds = (performance.now() - begun) / 1000;
  const longest = (await frame.evaluate('window.longest')) as number;
  await context.close();
  return { longest, seconds };
}

/** With nothing in the browser's cache. */
async function load(
  browser: Browser,
  { sandboxUrl }: World,
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
  await page.goto(`${sandboxUrl}/integration/mass-messaging?tenant=romashka`, { timeout: 60_000 });
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
