import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { MAX_FILE_BYTES } from '../../contract/list.ts';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { bigFile } from '../../backend/test/big-file.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm, csvFile } from './crm.ts';

/** What goes wrong, what is forbidden, what is big: each with a campaign of its own. */
let host: TestApp;
let browser: Browser;
let crm: Crm;
let id: number;
let name: string;
let campaigns = 0;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});
beforeEach(async () => {
  name = `Проверка ${(campaigns += 1)}`;
  const api = host.as('romashka');
  ({ id } = await api.create(name));
  await api.change(id, { method: 'sms', channelId: 'sms-romashka-number', text: 'Здравствуйте!' });
});
afterEach(async () => {
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

async function openCampaign(view: Parameters<typeof Crm.open>[2] = {}): Promise<void> {
  crm = await Crm.open(browser, host, view);
  await crm.visitCampaign(name);
}

test('a rate that is no whole number from 1 to 300 is told off and not saved', async () => {
  await openCampaign();
  const told = crm.text('Сообщений в минуту: целое число от 1 до 300.');
  for (const rate of ['0', '301', '2,5', 'сто', '']) {
    await crm.field('Сообщений в минуту').fill(rate);
    await crm.seen(told, 'Не сохранено: поправьте отмеченные поля');
    expect((await host.as('romashka').get(id)).settings.ratePerMinute).toBe(60);
    await crm.field('Сообщений в минуту').fill('60');
    await crm.gone(told);
  }
  await crm.field('Сообщений в минуту').fill('300');
  await crm.saved();
  expect((await host.as('romashka').get(id)).settings.ratePerMinute).toBe(300);
});

test('a file of 10 MB is refused before a byte of it is sent', async () => {
  await openCampaign();
  const sent: string[] = [];
  crm.page.on('request', (request) => request.method() === 'PUT' && sent.push(request.url()));
  const buffer = Buffer.alloc(MAX_FILE_BYTES, '89123456789\n');
  await crm.field('Основной файл').setInputFiles({ name: 'Большой.csv', mimeType: 'text/csv', buffer });
  await crm.seen('Файл 10 МБ или больше. Разделите его на два и загрузите второй в дополнительное поле.');
  expect(sent).toEqual([]);
});

test('an Excel workbook is refused with what to do about it; the file loaded before stays', async () => {
  await openCampaign();
  await crm.field('Основной файл').setInputFiles(csvFile('Клиенты.csv', 'Телефон\n89123456789\n'));
  await crm.numbersOf('Клиенты.csv');
  const book = Buffer.from('PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml xl/workbook.xml', 'latin1');
  await crm.field('Основной файл').setInputFiles(csvFile('Клиенты.xlsx', book));
  await crm.confirm('Заменить «Клиенты.csv»?', 'Заменить');
  await crm.seen(/Это не CSV, а книга Excel \(\.xlsx\)\. В Excel: Файл → Сохранить как → «CSV UTF-8/);
  expect(await crm.numbersOf('Клиенты.csv')).toMatchObject({ Контактов: '1' });
});

test('before a file is removed or replaced it is said what becomes of its entries', async () => {
  await openCampaign();
  await crm
    .field('Основной файл')
    .setInputFiles(csvFile('Первый.csv', 'Телефон\n89123456789\n89123456780\n'));
  await crm.numbersOf('Первый.csv');
  await crm.card.getByRole('switch', { name: 'Добавить в список контактов' }).check();
  await crm.field('Дополнительный файл').setInputFiles(csvFile('Второй.csv', 'Телефон\n89123456780\n'));
  await crm.seen('1 номер есть и в другом файле');
  await crm
    .field('Основной файл')
    .setInputFiles(csvFile('Третий.csv', 'Телефон\n89123456781\n89123456789\n'));
  await crm.seen(
    'Новый файл: Третий.csv.',
    '2 контакта прежнего файла: останутся только те, кто есть и в новом.',
  );
  await crm.seen('1 номер есть и в другом файле: напишем по нему.');
  await crm.seen('1 новый номер.', '1 номер, который есть и сейчас: он останется в рассылке.');
  await crm.confirm('Заменить «Первый.csv»?', 'Заменить');
  expect(await crm.numbersOf('Третий.csv')).toMatchObject({ Контактов: '2' });
  await crm.card.locator('#remove-additional').click();
  await crm.seen('1 контакт этого файла не войдёт в рассылку.');
  await crm.confirm('Удалить «Второй.csv»?', 'Удалить файл');
  await crm.gone(crm.text('Второй.csv'));
});

test('a name that another campaign has is refused, when it is created and when it is renamed', async () => {
  const taken = 'Рассылка с таким названием уже есть. Выберите другое название.';
  await host.as('romashka').create(`${name}, другая`);
  await openCampaign();
  await crm.field('Название рассылки').fill(`${name}, другая`);
  await crm.seen(taken);
  await crm.button('Все рассылки').click();
  await crm.button('Новая рассылка').click();
  await crm.field('Название рассылки').fill(name);
  await crm.button('Создать рассылку').click();
  await crm.seen(taken);
});

test('a second person’s change is shown as a conflict, and nothing is overwritten unseen', async () => {
  await openCampaign();
  // The other person is quicker by the time that our change is on its way.
  let other: Promise<unknown> | null = null;
  await crm.page.route(`**/api/campaigns/${id}`, async (route) => {
    if (route.request().method() === 'PATCH') {
      other ??= host.as('romashka', 'supervisor').change(id, { text: 'Чужой текст' });
      await other;
    }
    await route.continue();
  });
  await crm.field('Текст сообщения').fill('Мой текст');
  const notice = crm.card.getByRole('alert').filter({ hasText: 'Эту рассылку изменил кто-то ещё' });
  await crm.seen(notice.getByText('Текст сообщения: Чужой текст'));
  expect((await host.as('romashka').get(id)).settings.text).toBe('Чужой текст');
  await notice.getByRole('button', { name: 'Оставить мои и сохранить' }).click();
  await crm.saved();
  expect((await host.as('romashka').get(id)).settings.text).toBe('Мой текст');
});

test('a viewer sees the campaign and its report, and nothing to change it by', async () => {
  await openCampaign({ role: 'viewer' });
  await crm.seen(
    'Ваша роль позволяет только просматривать рассылку.',
    crm.button('Скачать отчёт о рассылке'),
  );
  expect(await crm.field('Название рассылки').isDisabled()).toBe(true);
  for (const button of [/запустить/i, /очистить/i, /удалить/i, /пробное/i, /выбрать файл/i]) {
    expect(await crm.button(button).count()).toBe(0);
  }
  expect(await crm.card.locator('input:enabled, select:enabled, textarea:enabled').count()).toBe(0);
});

test('the card speaks English and is dark where the CRM is, and follows it without losing what was typed', async () => {
  await openCampaign({ locale: 'en', theme: 'dark' });
  const background = () =>
    crm.card.locator('body').evaluate((body) => {
      const style = (
        globalThis as unknown as { getComputedStyle(of: unknown): { backgroundColor: string } }
      ).getComputedStyle(body);
      return Number(/\d+/.exec(style.backgroundColor)![0]);
    });
  await crm.seen(crm.button('Start Campaign'), crm.field('Messages Per Minute'), 'Drag the file here');
  // All but the name and the text, which the writer wrote in Russian.
  const words = (await crm.card.locator('body').innerText())
    .replaceAll(name, '')
    .replaceAll('Здравствуйте!', '');
  expect(words).not.toMatch(/[а-яё]/i);
  expect(await background()).toBeLessThan(60);
  await crm.field('Message Text').fill('Typed in English');
  await crm.page.getByLabel('Language').selectOption('ru');
  await crm.page.getByLabel('Тема').selectOption('light');
  await crm.seen(crm.button('Запустить рассылку'));
  expect(await crm.field('Текст сообщения').inputValue()).toBe('Typed in English');
  expect(await background()).toBeGreaterThan(200);
});

test('600,000 rows are uploaded while the progress shows, and counted to the row', async () => {
  const { bytes, expected } = bigFile({ rows: 600_000, seed: 1, encoding: 'windows-1251' });
  await openCampaign();
  await crm.field('Основной файл').setInputFiles(csvFile('База.csv', bytes));
  await crm.seen(crm.card.getByRole('progressbar', { name: /Загружаем…|Читаем строки…/ }));
  await crm.gone(crm.card.getByRole('progressbar'));
  expect(await crm.numbersOf('База.csv')).toEqual({
    Строк: String(expected.rows),
    Контактов: String(expected.contacts),
    Дубликатов: String(expected.duplicates),
    Отклонено: String(expected.refused),
  });
  const recipients = new RegExp(`^${String(expected.contacts).replace(/(\d{3})$/, '\\s$1')}\\s*получател`);
  await crm.seen(recipients);
});
