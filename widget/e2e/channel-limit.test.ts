import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm } from './crm.ts';

/** A channel that declares a limit: said where the rate is chosen, and while the campaign runs. */
let host: TestApp;
let browser: Browser;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

test('the rate field and the progress say what the channel allows', async () => {
  const id = 'sms-romashka';
  await fetch(`${host.sandbox.url}/sandbox/channels`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenant: 'romashka', id, limits: { per_second: 0.5 } }),
  });
  const api = host.as('romashka');
  const campaign = await api.create('Осень');
  await api.change(campaign.id, { method: 'sms', channelId: id, text: 'Здравствуйте!', ratePerMinute: 30 });
  const phones = Array.from({ length: 60 }, (_, i) => `891200000${10 + i}`);
  await api.upload(campaign.id, 'main', ['Телефон', ...phones].join('\r\n')).expect(200);
  const crm = await Crm.open(browser, host);
  await crm.visitCampaign('Осень');
  const note = crm.text(/Канал пропускает не больше 30 в минуту на все свои рассылки/);
  await crm.gone(note);
  await crm.field('Сообщений в минуту').fill('120');
  await crm.seen(note);
  await crm.saved();
  await api.control(campaign.id, 'start').expect(200);
  await crm.seen(/Лимит канала: 30 в минуту на 1 рассылку\. Эта идёт со скоростью 29 в минуту\./);
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});
