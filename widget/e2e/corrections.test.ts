import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type Api, type TestApp } from '../../backend/test/app.ts';
import { encode } from '../../backend/test/encode.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm, csvFile } from './crm.ts';

/** Refused rows: downloaded from the card, put right in the file, uploaded again. */
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

async function open(
  name: string,
  file: string,
  view: Parameters<typeof Crm.open>[2] = {},
): Promise<[Crm, number]> {
  const { id } = await api.create(name);
  await api.change(id, { method: 'sms', channelId: 'sms-romashka-number', text: 'Здравствуйте!' });
  await api.upload(id, 'main', encode(file, 'windows-1251'), 'Клиенты.csv').expect(200);
  const crm = await Crm.open(browser, host, view);
  await crm.visitCampaign(name);
  return [crm, id];
}

const FILE = 'Телефон;Имя\r\n89120000001;Яна\r\n8912;Пётр\r\nнет;Оля\r\n89120000001;Аня\r\n';

async function bytesOf(crm: Crm): Promise<Buffer> {
  const [download] = await Promise.all([
    crm.page.waitForEvent('download'),
    crm.button('Скачать строки для исправления').click(),
  ]);
  expect(download.suggestedFilename()).toBe('Клиенты с ошибками.csv');
  return readFile(await download.path());
}

test('the refused rows are corrected: what was taken over is said, and the loaded file stays', async () => {
  const [crm, id] = await open('Исправления', FILE);
  const text = new TextDecoder('windows-1251').decode(await bytesOf(crm));
  expect(text).toContain('8912;Пётр;Номеров такой длины не бывает. Проверьте цифры.;3');
  const picker = crm.card.getByLabel('Загрузить исправленный файл');
  await picker.setInputFiles(
    csvFile('refused.csv', encode(text.replace('8912;', '89120000002;'), 'windows-1251')),
  );
  await crm.seen(
    'Исправлена и принята 1 строка.',
    '1 строка всё ещё отклонена.',
    'В этом файле исправлена 1 строка.',
  );
  expect(await crm.numbersOf('Клиенты.csv')).toEqual({
    Строк: '4',
    Контактов: '2',
    Дубликатов: '1',
    Отклонено: '1',
  });
  await picker.setInputFiles(csvFile('x.csv', 'Телефон\r\n89120000003\r\n'));
  await crm.seen(/Нет столбца «Строка\/Row/, 'Клиенты.csv');
  expect((await api.get(id)).lists).toMatchObject([{ contacts: 2, corrected: 1 }]);

  // Reading the file anew would lose what was corrected, and says so even in a draft.
  await crm.card.getByText('Прочитано не так?').click();
  await crm.field('Первая строка').selectOption('false');
  await crm.button('Прочитать файл так').click();
  const dialog = crm.card.getByRole('dialog');
  await crm.seen(dialog.getByText('Исправление 1 строки пропадёт'));
  await dialog.getByRole('button', { name: 'Отмена' }).click();
  expect(crm.errors).toEqual([]);
  await crm.close();
});

test('duplicates are downloaded; a viewer downloads and cannot upload', async () => {
  const [crm] = await open('Дубликаты', FILE, { role: 'viewer' });
  const { name, text } = await crm.download(crm.button('Скачать дубликаты'));
  expect([name, text.split('\r\n')[1]]).toEqual(['Клиенты повторы.csv', `89120000001;Аня;'+79120000001`]);
  await bytesOf(crm);
  expect(await crm.card.getByLabel('Загрузить исправленный файл').count()).toBe(0);
  expect(crm.errors).toEqual([]);
  await crm.close();
});

test('in English, by keyboard, while the campaign is under way: corrected rows join the queue, and a replacement is counted', async () => {
  const [crm, id] = await open('Under way', FILE, { locale: 'en' });
  await api.control(id, 'start').expect(200);
  await api.until(id, ({ state }) => state === 'completed');
  await api.control(id, 'restart').expect(200);
  await api.control(id, 'pause').expect(200);
  await crm.visitCampaign('Under way');
  // Asked for long before: a page takes note of it in each of its frames, and would open a real dialog until then.
  const choosing = crm.page.waitForEvent('filechooser');
  const { text } = await crm.download(crm.button('Download the rows to correct'));
  const row = /Row [0-9a-f]{10}/.exec(text)![0];
  const picker = crm.card.getByLabel('Upload the corrected file');
  await picker.focus();
  // The frame gets the keyboard a moment after its element has the focus.
  await picker.evaluate(async (input) => {
    const page = globalThis as unknown as {
      document: { activeElement: unknown; hasFocus(): boolean };
      requestAnimationFrame(done: () => void): void;
    };
    while (!page.document.hasFocus() || page.document.activeElement !== input) {
      await new Promise<void>((drawn) => page.requestAnimationFrame(drawn));
    }
  });
  await crm.page.keyboard.press('Enter');
  const chooser = await choosing;
  // Saved by a spreadsheet as it likes: UTF-8, commas, two columns left.
  const sheet = `\uFEFFСтрока/${row},Телефон\r\n3,89120000002\r\n4,89120000003\r\n`;
  await chooser.setFiles(csvFile('refused.csv', sheet));
  await crm.seen('2 rows are put right and taken over.', '2 messages are queued behind the others.');
  expect(await crm.button('Download the rows to correct').count()).toBe(0);
  await crm.seen('2 rows of this file have been corrected.');

  const next = 'Телефон\r\n89120000002\r\n89120000009\r\n89120000009\r\n?\r\n';
  await crm.field('Main file').setInputFiles(csvFile('Next.csv', next));
  const dialog = crm.card.getByRole('dialog', { name: 'Replace “Клиенты.csv”?' });
  await crm.seen(
    dialog.getByText('1 new number.'),
    dialog.getByText('1 number that is in the file now: it stays in the campaign.'),
    dialog.getByText('1 duplicate within the file.'),
    dialog.getByText('1 row that is refused.'),
  );
  await crm.page.keyboard.press('Escape');
  await crm.gone(dialog);
  expect((await api.get(id)).lists).toMatchObject([{ fileName: 'Клиенты.csv', contacts: 3, corrected: 2 }]);
  expect(crm.errors).toEqual([]);
  await crm.close();
});
