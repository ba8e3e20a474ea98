import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, windows1251, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm, csvFile } from './crm.ts';

/** The manual's story, played in a browser on the CRM's pages, each test going on from where the one before ended. */
let host: TestApp;
let browser: Browser;
let crm: Crm;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
  await host.sandbox.installs.uninstall('romashka');
  crm = await Crm.open(browser, host);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});
afterEach(() => expect(crm.errors).toEqual([]));

const card = () => crm.page.getByRole('listitem').filter({ hasText: 'Рассылка' }).first();

describe('an SMS campaign', () => {
  const NAME = 'Осенняя распродажа';
  const CONTACTS = 40;

  test('the integration is installed on the CRM’s page, and its card is opened', async () => {
    await crm.visit('/');
    await crm.seen(crm.page.getByText('Не установлена'));
    await crm.page.getByRole('button', { name: 'Установить' }).click();
    await crm.seen(crm.page.getByText('Подключена', { exact: true }));
    await crm.page.getByRole('link', { name: 'Открыть' }).click();
    await crm.seen('Рассылок пока нет');
  });

  test('1: its name stands on the card of the CRM’s integration page', async () => {
    await crm.createCampaign(NAME);
    await crm.visit('/');
    await crm.seen(card().getByText(NAME), card().getByText('Черновик'));
  });

  test('2.2: the text takes variables, and the counter counts by the rules of SMS', async () => {
    await crm.visitCampaign(NAME);
    await crm.card.getByRole('radio', { name: 'SMS' }).check();
    await crm.field('Канал SMS').selectOption({ label: '+7 900 000-00-01' });
    await crm.field('Текст сообщения').fill('a'.repeat(161));
    await crm.seen('161 знак из 765', '2 SMS', 'Латиница (GSM)');
    await crm.field('Текст сообщения').fill('я'.repeat(70));
    await crm.seen('70 знаков из 335', '1 SMS', 'Юникод');
    await crm.field('Текст сообщения').fill('Здравствуйте, {{Имя|друг}}! Скидки до 40 %.');
    await crm.seen('Счётчик не учитывает значения переменных');
    await crm.saved();
  });

  test('3: the template file has the columns of the text', async () => {
    const file = await crm.download(crm.button('Скачать файл-образец рассылки'));
    expect(file.name).toMatch(/\.csv$/);
    expect(file.text.split('\r\n').slice(0, 2)).toEqual(['\uFEFFТелефон;Имя', '8 (912) 345-67-89;пример']);
  });

  test('4: a windows-1251 file is read, and each refused row is explained', async () => {
    const rows = Array.from({ length: CONTACTS }, (_, i) => `8 (912) 345-67-${10 + i};Иван ${i}`);
    const file = ['Телефон;Имя', ...rows, '+7 912 345 67 10;Иван', '7,91235E+10;Анна', 'нет;Пётр'];
    await crm
      .field('Основной файл')
      .setInputFiles(csvFile('Клиенты.csv', windows1251(`${file.join('\r\n')}\r\n`)));
    expect(await crm.numbersOf('Клиенты.csv')).toEqual({
      Строк: String(CONTACTS + 3),
      Контактов: String(CONTACTS),
      Дубликатов: '1',
      Отклонено: '2',
    });
    await crm.seen(/Windows-1251 · точка с запятой/);
    await crm.text('Отклонены 2 строки: почему').click();
    const refused = crm.card.getByRole('region', { name: 'Отклонённые строки' });
    await crm.seen(
      refused.getByRole('cell', { name: '7,91235E+10' }),
      refused.getByRole('cell', { name: /Excel/ }),
    );
  });

  test('8: before the start it says to how many people it will go, and what they will read', async () => {
    await crm.field('Сообщений в минуту').fill('300');
    await crm.saved();
    await crm.seen('Готово к запуску', `${CONTACTS} получателей`, 'Здравствуйте, Иван 0! Скидки до 40 %.');
    await crm.text('Не войдут 3 строки').click();
    await crm.seen('Дубликаты');
  });

  test('10: started after one more question, it shows its progress; paused, it says what was under way', async () => {
    await crm.button('Запустить рассылку').click();
    await crm.confirm(`Написать ${CONTACTS} получателям?`, 'Запустить рассылку');
    await crm.seen(/Запущена в/, crm.card.getByRole('heading', { name: 'Ход рассылки' }));
    await crm.gone(crm.card.locator('.progress-big').getByText(/^0$/));
    await crm.button('Приостановить рассылку').click();
    await crm.seen(/Пауза действует с \d/, /В пути ничего не было|уже был[ои] в пути/);
    await crm.seen('Приостановлена вручную', crm.button('Возобновить рассылку'));
    expect(await crm.part('В очереди')).toBeGreaterThan(0);
  });

  test('10: resumed, it goes on to its end, and every row is accounted for', async () => {
    await crm.button('Возобновить рассылку').click();
    await crm.seen(crm.card.getByText('Завершена', { exact: true }));
    await crm.seen(crm.card.locator('.progress-big').getByText('100 %'));
    await crm.seen(crm.card.locator('.funnel li').filter({ hasText: 'Доставлено' }).getByText(`${CONTACTS}`));
    expect(await crm.part('Доставлено')).toBe(CONTACTS);
    expect(await crm.part('Дубликаты')).toBe(1);
    expect(await crm.part('Отклонённые номера')).toBe(2);
    expect(await crm.part('Строк в файлах')).toBe(CONTACTS + 3);
    expect(host.sandbox.ledger.stats('romashka')).toMatchObject({ accepted: CONTACTS, sentTwice: 0 });
  });

  test('a chat is in RMO only once the customer has answered, with what they had received', async () => {
    await crm.visit('/rmo');
    await crm.seen(crm.page.getByRole('heading', { name: 'Чатов пока нет' }));
    await crm.visit('/phones');
    await crm.page.getByLabel('Поиск по номеру').fill('8 912 345-67-12');
    const phone = crm.page.getByRole('listitem').filter({ hasText: '+7 912 345-67-12' });
    await crm.gone(crm.page.getByRole('heading', { name: '+7 912 345-67-13' }));
    await phone.getByLabel('Ответить как клиент').fill('Да, интересно');
    await phone.getByRole('button', { name: 'Отправить' }).click();
    await crm.seen(phone.getByText('Да, интересно'));
    await crm.visit('/rmo');
    await crm.page.getByRole('button', { name: /\+7 912 345-67-12.*Да, интересно/ }).click();
    const chat = crm.page.locator('#chat');
    await crm.seen(
      chat.getByText(NAME).first(),
      chat.getByText('Здравствуйте, Иван 2! Скидки до 40 %.').first(),
    );
    await crm.visitCampaign(NAME);
    await crm.seen(
      crm.card.locator('.funnel li').filter({ hasText: 'Ответили' }).getByText('1', { exact: true }),
    );
  });

  test('11: the report has a line for every row of the file', async () => {
    const { name, text } = await crm.download(crm.button('Скачать отчёт о рассылке'));
    expect(name).toMatch(/\.csv$/);
    expect(text.startsWith(`\uFEFFРассылка;${NAME}\r\n`)).toBe(true);
    const lines = text.split('\r\n');
    const rows = lines.slice(lines.indexOf('') + 2, -1).map((line) => line.split(';'));
    expect(rows).toHaveLength(CONTACTS + 3);
    const inState = (state: string) => rows.filter((row) => row[6] === state).length;
    expect([inState('доставлено'), inState('повтор'), inState('отклонено')]).toEqual([CONTACTS, 1, 2]);
  });

  test('10: restarted, it goes to all of them again; cleared, it is a draft without files', async () => {
    await crm.button('Перезапустить рассылку').click();
    await crm.card.getByRole('radio', { name: 'Всем' }).check();
    await crm.confirm('Отправить ещё раз, запуск 2?', 'Перезапустить рассылку');
    await crm.seen(/Перезапущена в/, 'Запуск 2', crm.button('Приостановить рассылку'));
    await crm.button('Очистить данные рассылки').click();
    await crm.confirm('Очистить данные рассылки?', 'Очистить данные рассылки');
    await crm.seen(/Очищена в/, crm.card.getByText('Черновик', { exact: true }), 'Перетащите файл сюда');
    expect(await crm.field('Текст сообщения').inputValue()).toContain('{{Имя|друг}}');
  });
});

describe('a WABA campaign', () => {
  const NAME = 'Время доставки';

  test('2.1: a template is chosen from those approved, and its variables are bound to columns', async () => {
    await crm.visit('/integration/mass-messaging');
    await crm.createCampaign(NAME);
    await crm.card.getByRole('radio', { name: 'WABA' }).check();
    await crm.field('Канал WABA').selectOption({ label: 'Ромашка — сервис' });
    const template = crm.field('Шаблон');
    await template.locator('option', { hasText: 'Время доставки' }).waitFor({ state: 'attached' });
    expect(await template.locator('option:disabled').allInnerTexts()).toEqual(
      expect.arrayContaining([expect.stringContaining('Зимняя распродажа (приостановлен)')]),
    );
    const label = await template.locator('option', { hasText: 'Время доставки' }).innerText();
    await template.selectOption({ label });
    await crm.seen('Как выглядит сообщение', /Курьер приедет/);
  });

  test('4: a file dropped on the card is loaded; a UTF-8 file with BOM is read', async () => {
    const file = [
      '\uFEFFТелефон;Заказ;Дата;С;До',
      '+7 916 123-45-67;А-1;24 ноября;10:00;12:00',
      '8 916 123 45 68;А-2;25 ноября;12:00;14:00',
      '89161234567;А-3;26 ноября;10:00;11:00',
    ].join('\r\n');
    await crm.dropOnCard('Доставка.csv', Buffer.from(file));
    expect(await crm.numbersOf('Доставка.csv')).toEqual({
      Строк: '3',
      Контактов: '2',
      Дубликатов: '1',
      Отклонено: '0',
    });
    await crm.seen(/UTF-8/);
    // Each column is shown with what stands in it in the first row.
    for (const [variable, column, example] of [
      ['{{1}} в заголовке', 'Заказ', 'А-1'],
      ['{{1}} в тексте', 'Дата', '24 ноября'],
      ['{{2}} в тексте', 'С', '10:00'],
    ] as const) {
      await crm.field(variable).selectOption({ label: `Столбец «${column}»: ${example}` });
    }
    await crm.field('{{3}} в тексте').selectOption({ label: 'Один текст для всех' });
    await crm.field('Текст для {{3}} в тексте').fill('вечера');
    await crm.saved();
    await crm.seen('Готово к запуску', /Курьер приедет 24 ноября с 10:00 до вечера/);
  });

  test('5, 6: the second file adds its contacts; the numbers of both are written to once, or twice if asked', async () => {
    await crm.card.getByRole('switch', { name: 'Добавить в список контактов' }).check();
    const second =
      'Телефон;Заказ;Дата;С\r\n7 (916) 123-45-68;А-4;1 декабря;9:00\r\n9161234569;А-5;2 декабря;9:00';
    await crm.field('Дополнительный файл').setInputFiles(csvFile('Ещё.csv', second));
    expect(await crm.numbersOf('Ещё.csv')).toMatchObject({ Строк: '2', Контактов: '2' });
    await crm.seen('1 номер есть и в другом файле', /^3\s*получателя/);
    await crm.card.getByRole('switch', { name: 'Удалять дубликаты' }).uncheck();
    await crm.seen(/^5\s*получателей/);
    await crm.card.getByRole('switch', { name: 'Удалять дубликаты' }).check();
    await crm.seen(/^3\s*получателя/);
  });

  test('it goes out, and each person gets the template with their own values', async () => {
    await crm.button('Запустить рассылку').click();
    await crm.confirm('Написать 3 получателям?', 'Запустить рассылку');
    await crm.seen(crm.card.getByText('Завершена', { exact: true }));
    expect(
      host.sandbox.ledger
        .entries('romashka')
        .filter(({ template }) => template)
        .map(({ phone }) => phone)
        .sort(),
    ).toEqual(['+79161234567', '+79161234568', '+79161234569']);
    await crm.visit('/phones');
    const phone = crm.page.getByRole('listitem').filter({ hasText: '+7 916 123-45-68' });
    await crm.seen(phone.getByText(/Курьер приедет 25 ноября с 12:00 до вечера/));
    await crm.visit('/');
    await crm.seen(card().getByText(NAME), card().getByText('Завершена'));
  });
});
