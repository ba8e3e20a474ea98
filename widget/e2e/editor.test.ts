import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from './browser.ts';
import { Crm } from './crm.ts';

/** Writing an SMS: what is put into the text for the writer can be taken back as if it had been typed. */
let host: TestApp;
let browser: Browser;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

test('characters that shorten the SMS are replaced, a variable is inserted, and both are undone', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Sale');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka' });
  await api.upload(id, 'main', 'Phone;Name\r\n89120000001;Ann\r\n').expect(200);
  const crm = await Crm.open(browser, host, { locale: 'en' });
  await crm.visitCampaign('Sale');
  const text = crm.field('Message Text');
  await text.fill('“Sale” — {{Name}}, it’s today…');
  await crm.button('Replace with plain ones').click();
  const plain = `"Sale" - {{Name}}, it's today...`;
  expect(await text.inputValue()).toBe(plain);
  await crm.seen(/GSM/);
  await crm.button('Name').click();
  expect(await text.inputValue()).toBe(`${plain}{{Name}}`);
  await crm.page.keyboard.press('Control+Z');
  expect(await text.inputValue()).toBe(plain);
  await crm.page.keyboard.press('Control+Z');
  expect(await text.inputValue()).toBe('“Sale” — {{Name}}, it’s today…');
  // Cyrillic is no mistake.
  await text.fill('Скидка до воскресенья — «всё»');
  await crm.gone(crm.button('Replace with plain ones'));
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});
