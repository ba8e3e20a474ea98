import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { CLIENT_ID, opening, SECRET } from '../../backend/test/bitrix24/fixtures.ts';
import { Portal } from '../../backend/test/bitrix24/portal.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { PresetApp } from '../../backend/test/preset-app.ts';

/** A portal of Bitrix24, made from the documentation: its page posts a form into a frame. */
let browser: Browser;
let preset: PresetApp;
let portal: Portal;
let stranger: Portal;

function pageWith(baseUrl: string, form: Record<string, string>): string {
  const fields = Object.entries(form)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${value.replaceAll('"', '&quot;')}">`)
    .join('');
  return `<!doctype html><html lang="ru"><title>Битрикс24</title>
    <iframe name="app" width="1000" height="900"></iframe>
    <form method="post" target="app" action="${baseUrl}/bitrix24/app?DOMAIN=portal&PROTOCOL=1&LANG=ru&APP_SID=1">${fields}</form>
    <script>document.forms[0].submit();</script>`;
}

beforeAll(async () => {
  [portal, stranger, browser] = await Promise.all([Portal.start(), Portal.start(), launchBrowser()]);
  const record = { preset: 'bitrix24', issuer: portal.url, name: 'Битрикс24', clientId: CLIENT_ID };
  preset = await PresetApp.start([record], { BITRIX24_SECRET: SECRET });
  portal.page = pageWith(preset.baseUrl, opening(portal.url));
  stranger.page = portal.page;
});
afterAll(async () => {
  await browser?.close();
  await preset?.stop();
  portal?.stop();
  stranger?.stop();
});

test('the form that the portal posts opens the card, in its language; no token stands in an address', async () => {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(portal.url);
  const card = page.frameLocator('iframe').frameLocator('#card iframe');
  await card
    .getByRole('button', { name: /рассылк/i })
    .first()
    .waitFor();
  expect(
    page
      .frames()
      .map((frame) => frame.url())
      .join(' '),
  ).not.toMatch(/eyJ|token/i);
  expect(complaints).toEqual([]);
  await page.close();
});

test('another site cannot show it, even with a form that works', async () => {
  const page = await browser.newPage();
  const refused = page.waitForEvent('console', (message) => message.text().includes('frame-ancestors'));
  await page.goto(stranger.url);
  await refused;
  expect(await page.frameLocator('iframe').locator('#card').count()).toBe(0);
  await page.close();
});
