import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm } from './crm.ts';

/** What the rows of the files make of the message, as the person who writes it sees it. */
let host: TestApp;
let browser: Browser;
let crm: Crm;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});
afterEach(async () => {
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

const FILE = [
  'Телефон;Имя;Скидка',
  '89120000001;Anna;10 %',
  '89120000002;Ivan №2;',
  `89120000003;${'Ivan '.repeat(160)};5 %`,
  `89120000004;${'Maria '.repeat(30)};5 %`,
  '89120000005;;5 %',
].join('\r\n');

async function openCampaign(name: string, text: string): Promise<void> {
  const api = host.as('romashka');
  const { id } = await api.create(name);
  await api.change(id, { method: 'sms', channelId: 'sms-romashka-number', text });
  await api.upload(id, 'main', FILE, 'Клиенты.csv').expect(200);
  crm = await Crm.open(browser, host);
  await crm.visitCampaign(name);
}

test('the figures of the rows follow the text as it is written, before it is saved', async () => {
  await openCampaign('Длина', 'Привет!');
  const lines = crm.card.getByRole('region', { name: 'По строкам файлов' });
  await crm.seen(lines.getByText('1 SMS — 5 строк'));
  await crm.field('Текст сообщения').fill('Hi {{Имя|friend}}! {{Скидка}} off.');
  await crm.seen(
    lines.getByText('1 SMS — 3 строки'),
    lines.getByText('2 SMS — 1 строка'),
    lines.getByText('1 строка длиннее пяти SMS и не отправится.'),
    lines.getByText('— из-за этого 1 строка идёт в Юникоде, по 70 знаков в SMS вместо 160.'),
    lines.getByText('{{Имя}}: пусто в 1 строке, подставится замена.'),
    lines.getByText('{{Скидка}}: пусто в 1 строке, замены нет.'),
  );
  await lines.getByText('Самые длинные').click();
  await crm.seen(lines.getByText('Строка 4 · 6 SMS · 812 знаков'));
  // Said once the writing has paused, and only what follows from it.
  await crm.seen(
    lines.getByRole('status').getByText('Самое длинное сообщение по файлам: 6 SMS. Не отправится строк: 1.'),
  );
});

test('the rows that are too long are downloaded in the file’s own columns', async () => {
  await openCampaign('Скачать длинные', 'Hi {{Имя}}');
  const { name, text } = await crm.download(crm.button('Скачать эти строки'));
  expect(name).toBe('Клиенты не отправятся.csv');
  expect(text.split('\r\n')).toEqual([
    '\uFEFFТелефон;Имя;Скидка;Почему не отправится',
    expect.stringMatching(/^89120000003;Ivan .*;5 %;С переменными текст длиннее пяти SMS\.$/),
    '',
  ]);
});
