import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser, Route } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { problems } from './axe.ts';
import { Crm, csvFile } from './crm.ts';

/** What the card looks like when something is amiss: it says so, and everybody can read and leave it. */
let host: TestApp;
let browser: Browser;
let crm: Crm;
let id: number;
const NAME = 'Неладно';

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
  const api = host.as('romashka');
  ({ id } = await api.create(NAME));
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Здравствуйте!' });
  await api.upload(id, 'main', 'Телефон\r\n89120000001\r\n').expect(200);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});
beforeEach(async () => {
  crm = await Crm.open(browser, host);
});
afterEach(async () => {
  await crm.context.unrouteAll({ behavior: 'ignoreErrors' });
  await crm.close();
});

const card = /\/api\/campaigns\/\d+$/;
const list = /\/api\/campaigns\?/;
const refuse = (route: Route) => route.abort();
const openIt = () => crm.card.getByRole('button', { name: NAME, exact: true }).click();
const fine = async () => expect(await problems(crm)).toEqual([]);

test('while the list and a campaign are still on their way', async () => {
  let go = (): void => undefined;
  const held = new Promise<void>((resume) => (go = resume));
  await crm.context.route(card, (route) => held.then(() => route.continue()));
  await crm.visit('/integration/mass-messaging');
  await openIt();
  await crm.card.locator('.skeleton').first().waitFor();
  expect(await crm.card.getByRole('status').allInnerTexts()).toContainEqual(
    expect.stringContaining('Загрузка'),
  );
  await fine();
  go();
  await crm.seen(crm.card.getByRole('heading', { name: NAME, level: 1 }));
});

test.each([
  ['the list', list, () => Promise.resolve()],
  ['a campaign', card, openIt],
])('%s cannot be had, and is had at a press once it can', async (_name, path, open) => {
  await crm.context.route(path, refuse);
  await crm.visit('/integration/mass-messaging');
  if (path === card) await open();
  await crm.seen(crm.button('Повторить'));
  await fine();
  await crm.context.unroute(path, refuse);
  await crm.button('Повторить').click();
  await crm.seen(crm.text(NAME));
});

test('the session is lost: what was typed stays, and goes on when there is one again', async () => {
  const token = '**/sandbox/token';
  await crm.visitCampaign(NAME);
  await crm.page.route(token, refuse);
  // As if its time were over: the host says that a fresh token would help, and gives none.
  const over = (route: Route) =>
    route.fulfill({
      status: 401,
      contentType: 'application/problem+json',
      headers: { 'X-Host-Token-Retry': '1' },
      body: JSON.stringify({ code: 'token_expired', status: 401, title: '', detail: '' }),
    });
  await crm.context.route(card, over);
  await crm.field('Текст сообщения').fill('Недописан');
  await crm.seen(crm.card.getByRole('alert').filter({ hasText: 'Сессия' }));
  await fine();
  await crm.context.unroute(card, over);
  await crm.page.unroute(token, refuse);
  await crm.card.getByRole('alert').getByRole('button', { name: 'Повторить' }).click();
  await crm.gone(crm.card.locator('.session-lost'));
  expect(await crm.field('Текст сообщения').inputValue()).toBe('Недописан');
  await crm.field('Текст сообщения').fill('Недописанное дописано');
  await crm.saved();
  expect((await host.as('romashka').get(id)).settings.text).toBe('Недописанное дописано');
});

test('two people write at once: the conflict is read in both themes', async () => {
  await crm.visitCampaign(NAME);
  let other: Promise<unknown> | null = null;
  await crm.context.route(card, async (route) => {
    if (route.request().method() === 'PATCH') {
      other ??= host.as('romashka', 'supervisor').change(id, { text: 'Чужой' });
      await other;
    }
    await route.continue();
  });
  await crm.field('Текст сообщения').fill('Мой');
  await crm.seen(crm.card.getByRole('alert').filter({ hasText: 'изменил кто-то ещё' }));
  await fine();
});

test('a wrong rate and a file that is none are told off where they stand', async () => {
  await crm.visitCampaign(NAME);
  await crm.field('Сообщений в минуту').fill('много');
  await crm.field('Основной файл').setInputFiles(csvFile('Пусто.csv', ''));
  await crm.confirm(/Заменить/, 'Заменить');
  await crm.seen('Сообщений в минуту: целое число от 1 до 300.');
  await crm.card.getByRole('alert').first().waitFor();
  await fine();
});

test.each(['operator', 'viewer', 'supervisor'] as const)('as %s', async (role) => {
  await crm.close();
  crm = await Crm.open(browser, host, { role });
  await crm.visitCampaign(NAME);
  await crm.seen(crm.card.locator('.row-said').getByText('Строка 2'));
  await fine();
});

test('whoever wants no movement sees none, also while something is awaited', async () => {
  await crm.page.emulateMedia({ reducedMotion: 'reduce' });
  await crm.context.route(card, () => new Promise(() => undefined));
  await crm.visit('/integration/mass-messaging');
  await openIt();
  await crm.card.locator('.skeleton').first().waitFor();
  const moving = await crm.card.locator('body').evaluate((body) => {
    interface Animated {
      getAnimations(): { playState: string; effect: { getComputedTiming(): { endTime: number } } }[];
    }
    const { ownerDocument } = body as unknown as { ownerDocument: Animated };
    const lasting = ownerDocument
      .getAnimations()
      .filter(({ playState, effect }) => playState === 'running' && effect.getComputedTiming().endTime > 50);
    return lasting.length;
  });
  expect(moving).toBe(0);
});

test('in colours of the reader’s own the marks behind the text do not double its letters', async () => {
  await crm.page.emulateMedia({ forcedColors: 'active' });
  await crm.visitCampaign(NAME);
  await crm.field('Текст сообщения').fill('“Sale”');
  await crm.seen(crm.button('Заменить на обычные'));
  expect(await crm.card.locator('.sms-marks').isVisible()).toBe(false);
});
