import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { zoneAt } from '../../backend/test/clocks.ts';
import { loadRanges } from '../../backend/src/ranges/load-ranges.ts';
import { problems } from './axe.ts';
import { Crm } from './crm.ts';

/** Sending hours by each recipient's clock: chosen, looked at before Start, and seen while some wait for their morning. */
let host: TestApp;
let browser: Browser;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
  await loadRanges(host.database.dataSource, [
    { low: 79_120_000_000, high: 79_120_000_999, zone: zoneAt(12) },
    { low: 79_120_001_000, high: 79_120_001_999, zone: zoneAt(3) },
  ]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

test('the recipients’ clocks are chosen, shown in the review, and keep half of them waiting', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Местное время');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Привет!', ratePerMinute: 300 });
  const phones = ['89120000001', '89120000002', '89120001001'];
  await api.upload(id, 'main', ['Телефон', ...phones].join('\r\n')).expect(200);

  const crm = await Crm.open(browser, host);
  await crm.visitCampaign('Местное время');
  await crm.field('Только в определённые часы').check();
  await crm.field('По местному времени получателя').check();
  await crm.saved();
  await crm.text('Получатели по местному времени').click();
  await crm.seen(/UTC.+· с /);

  await crm.button('Запустить рассылку').click();
  await crm.confirm('Написать 3 получателям?', 'Запустить рассылку');
  await crm.seen(
    /У всех, кому осталось написать, сейчас не время отправки \(09:00–21:00 по местному\)/,
    'Осталось написать, по местному времени',
  );
  expect(await problems(crm)).toEqual([]);
  const { state, progress } = await api.get(id);
  expect([state, progress.account.queued, progress.zones?.length]).toEqual(['running', 1, 1]);
  expect(host.sandbox.ledger.entries('romashka').map(({ phone }) => phone)).not.toContain('+79120001001');
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

test('a run begun by the account’s clock cannot change to the recipients’', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Время аккаунта');
  const hours = { from: '00:00', to: '23:59', zone: 'account' as const };
  const settings = { channelId: 'sms-romashka', text: 'Привет!', ratePerMinute: 1, sendingHours: hours };
  await api.change(id, { method: 'sms', ...settings });
  await api.upload(id, 'main', ['Телефон', '89120000003', '89120000004'].join('\r\n')).expect(200);
  await api.control(id, 'start').expect(200);
  const crm = await Crm.open(browser, host);
  await crm.visitCampaign('Время аккаунта');
  expect(await crm.field('По местному времени получателя').isDisabled()).toBe(true);
  await crm.seen(/Этот запуск начат по часам аккаунта/);
  await crm.close();
});
