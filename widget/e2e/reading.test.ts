import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type Api, type TestApp } from '../../backend/test/app.ts';
import { encode } from '../../backend/test/encode.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm } from './crm.ts';

/** A file that was read wrongly is put right by the person, without being chosen again. */
let host: TestApp;
let browser: Browser;
let api: Api;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
  api = host.as('romashka');
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

async function openDraft(name: string, view: Parameters<typeof Crm.open>[2] = {}): Promise<[Crm, number]> {
  const { id } = await api.create(name);
  await api.change(id, { method: 'sms', channelId: 'sms-romashka-number', text: 'Здравствуйте!' });
  const crm = await Crm.open(browser, host, view);
  await crm.visitCampaign(name);
  return [crm, id];
}

const file = (buffer: Buffer) => ({ name: 'Клиенты.csv', mimeType: 'text/csv', buffer });

test('the encoding, the separator, the header and the phone column are changed by hand, by keyboard alone', async () => {
  const [crm, id] = await openDraft('Кодировка');
  // Too short to tell KOI8-R from windows-1251.
  const text = '89120000001;Ян;89120000003\r\n89120000002;;\r\n';
  await crm.card
    .getByLabel('Основной файл', { exact: true })
    .setInputFiles(file(Buffer.from(encode(text, 'koi8-r'))));
  await crm.seen('Windows-1251');
  const summary = crm.card.getByText('Прочитано не так?');
  await summary.focus();
  await crm.page.keyboard.press('Enter');
  await crm.seen(crm.card.getByRole('cell', { name: 'сО', exact: true }));
  const apply = crm.button('Прочитать файл так');
  expect(await apply.isDisabled()).toBe(true);
  await crm.field('Кодировка').selectOption({ label: 'KOI8-R' });
  await crm.seen(crm.card.getByRole('cell', { name: 'Ян', exact: true }));
  await crm.field('Столбец с телефонами').selectOption('2');
  await crm.seen(crm.card.getByRole('columnheader', { name: /Телефон/ }));
  await apply.focus();
  await crm.page.keyboard.press('Enter');
  await crm.seen('Файл прочитан заново', 'KOI8-R', 'без заголовка');
  expect((await api.get(id)).lists).toMatchObject([
    { encoding: 'koi8-r', header: false, phoneColumn: 2, contacts: 1, refusedBy: { empty: 1 } },
  ]);
  expect(crm.errors).toEqual([]);
  await crm.close();
});

test('a file whose phone column is not found is read when it has been shown', async () => {
  const [crm, id] = await openDraft('Столбец', { locale: 'en' });
  const text = 'Who;Where\r\nAnna;call 89120000001\r\nIvan;home\r\nOlga;office\r\n';
  await crm.card.getByLabel('Main file', { exact: true }).setInputFiles(file(Buffer.from(text)));
  await crm.seen('No column with phone numbers was found');
  await crm.card.getByText('Say how to read this file').click();
  await crm.seen(crm.card.getByRole('cell', { name: 'Anna', exact: true }));
  await crm.field('Column with phones').selectOption('1');
  await crm.seen(crm.card.getByRole('columnheader', { name: /phones/ }));
  await crm.button('Read the file this way').click();
  await crm.seen('2 rows are refused: why', 'What was put right in the numbers');
  expect((await api.get(id)).lists).toMatchObject([{ phoneColumn: 1, contacts: 1, refused: 2 }]);
  expect(crm.errors).toEqual([]);
  await crm.close();
});

test('what is chosen while the first preview is still on its way stands beside how the list was read', async () => {
  const [crm, id] = await openDraft('Медленно');
  const text = 'Телефон;Имя\r\n89120000001;Яна\r\n';
  await api.upload(id, 'main', encode(text, 'windows-1251')).expect(200);
  await crm.visitCampaign('Медленно');
  const asked: string[] = [];
  let release = () => {};
  const released = new Promise<void>((resume) => (release = resume));
  await crm.page.route('**/preview?*', async (route) => {
    asked.push(new URL(route.request().url()).search);
    if (asked.length === 1) await released;
    await route.continue();
  });
  await crm.card.getByText('Прочитано не так?').click();
  await crm.field('Первая строка').selectOption('false');
  await crm.seen(crm.card.getByRole('cell', { name: 'Яна', exact: true }));
  release();
  await crm.button('Прочитать файл так').click();
  await crm.seen('Файл прочитан заново', 'без заголовка');
  expect(new URLSearchParams(asked[1]).get('encoding')).toBe('windows-1251');
  expect((await api.get(id)).lists).toMatchObject([{ encoding: 'windows-1251', header: false, contacts: 1 }]);
  expect(crm.errors).toEqual([]);
  await crm.close();
});
