import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { problems } from './axe.ts';
import { Crm } from './crm.ts';

/** The report on the page: why some did not get it, one number's fate, and writing again to chosen groups. */
let host: TestApp;
let browser: Browser;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

const phone = (n: number) => `8912${String(n).padStart(7, '0')}`;

/** Over, with 60 rows: one refused, some failed in two ways, some with no answer. */
async function finished(name: string, channelId = 'sms-romashka'): Promise<number> {
  const api = host.as('romashka');
  const { id } = await api.create(name);
  await api.change(id, {
    method: 'sms',
    channelId,
    text: 'Здравствуйте, {{Имя}}!',
    ratePerMinute: 1,
  });
  const rows = Array.from({ length: 59 }, (_, i) => `${phone(i + 1)};Имя${i + 1}`);
  await api.upload(id, 'main', ['Телефон;Имя', ...rows, 'нет;Никто'].join('\r\n')).expect(200);
  await api.control(id, 'start').expect(200);
  await api.until(id, ({ progress: { account } }) => account.delivered + account.read === 1);
  // The rest need not be waited for.
  await api.control(id, 'pause').expect(200);
  const sent = `update message set state = 'delivered', sent_at = now(), delivered_at = now() where campaign_id = $1 and state = 'queued'`;
  await host.database.dataSource.query(sent, [id]);
  await api.change(id, { ratePerMinute: 300 });
  await api.control(id, 'resume').expect(200);
  await api.until(id, ({ state }) => state === 'completed');
  const fates = [
    ['recipient_unreachable', 'failed', 2, 4],
    ['refused', 'failed', 5, 6],
    ['no_answer', 'unknown', 7, 8],
  ] as const;
  for (const [reason, state, from, to] of fates) {
    await host.database.dataSource.query(
      `update message set state = $3, reason = $2, detail = case when $2 = 'refused' then 'spam filter' end
        where campaign_id = $1 and position between $4 and $5`,
      [id, reason, state, from, to],
    );
  }
  return id;
}

test('who did not get it and why, the rows behind a reason, and one person in full', async () => {
  await finished('Весна');
  const crm = await Crm.open(browser, host);
  await crm.visitCampaign('Весна');
  await crm.seen('Что стало с каждым', 'Номер недоступен в этом канале.', /Провайдер сообщает: spam filter/);
  await crm.button('Показать строки: Провайдер отказал.').click();
  const table = crm.card.getByRole('region', { name: 'Построчно' });
  await table.getByRole('button', { name: 'Подробно о +79120000005' }).waitFor();
  expect(await table.getByRole('button').count()).toBe(2);

  await crm.button('Показать все причины').click();
  await crm.field('Состояние').selectOption({ label: 'Любое' });
  await crm.field('Номер телефона').fill('8 (912) 000-00-20');
  await crm.button('Найти').click();
  await crm.gone(table.getByRole('button', { name: 'Подробно о +79120000005' }));
  await table.getByRole('button', { name: 'Подробно о +79120000020' }).click();
  await crm.seen('Здравствуйте, Имя20!', /file\.csv, строка 21/);

  await crm.field('Номер телефона').fill('12');
  await crm.button('Найти').click();
  await crm.seen(/хотя бы четыре/);
  await crm.field('Номер телефона').fill('');
  await crm.button('Найти').click();
  await crm.button('Следующие строки').click();
  await table.getByRole('button', { name: 'Подробно о нет' }).waitFor();
  expect(await table.getByRole('button').count()).toBe(10);
  // The button that was pressed is gone; the reader is at the table.
  expect(await table.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

test('writing again to chosen groups says whom, what it costs and who may get it twice', async () => {
  const id = await finished('Лето');
  const crm = await Crm.open(browser, host);
  await crm.visitCampaign('Лето');
  await crm.field('Написать снова: Номер недоступен в этом канале.').check();
  await crm.button('Написать снова выбранной 1 группе').click();
  const dialog = crm.card.getByRole('dialog', { name: 'Написать снова 3 людям?' });
  await dialog.getByText('Это 3 SMS при длине прошлого запуска.').waitFor();
  await dialog.getByRole('button', { name: 'Отмена' }).click();

  await crm.field('Написать снова: Провайдер не ответил: сообщение могло уйти.').check();
  await crm.button('Написать снова выбранным 2 группам').click();
  const risky = crm.card.getByRole('dialog', { name: 'Написать снова 5 людям?' });
  const go = risky.getByRole('button', { name: 'Написать снова', exact: true });
  await risky.getByText(/Они получат его второй раз/).waitFor();
  expect(await go.isDisabled()).toBe(true);
  await risky.getByLabel('Согласен: кто-то получит дважды').check();
  await go.click();
  await crm.seen('Новый запуск начался.');
  await crm.seen(/Запуск 2, .* — выбранным группам|Запуск 2/);
  const campaign = await host.as('romashka').until(id, ({ state }) => state === 'completed');
  expect(campaign.progress).toMatchObject({ run: 2, account: { rows: 5 } });
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

test('whose message could not be made is offered to nobody again, and Restart says what it takes', async () => {
  const id = await finished('Пустые ячейки');
  await host.database.dataSource.query(
    `update message set reason = 'empty_variable' where campaign_id = $1 and reason = 'refused'`,
    [id],
  );
  const crm = await Crm.open(browser, host);
  await crm.visitCampaign('Пустые ячейки');
  await crm.seen(/Повторная отправка ничего не изменит/);
  const choices = crm.card.locator('.report-choice');
  expect(await choices.evaluateAll((all) => all.map((each) => each.getAttribute('aria-label')))).toEqual([
    'Написать снова: Номер недоступен в этом канале.',
    'Написать снова: Провайдер не ответил: сообщение могло уйти.',
  ]);
  await crm.button('Перезапустить рассылку').click();
  const dialog = crm.card.getByRole('dialog', { name: 'Отправить ещё раз, запуск 2?' });
  await dialog.getByRole('radio', { name: 'Всем' }).check();
  await crm.seen(dialog.getByText('Всего SMS: 59.'));
  await dialog.getByRole('radio', { name: 'Только с ошибкой' }).check();
  await crm.seen(
    dialog.getByText('3 контакта: была ошибка'),
    dialog.getByText('Всего SMS: 3.'),
    dialog.getByText(/^Сообщения начнут уходить сразу, до 300 в минуту/),
    dialog.getByText(/^Закончится /),
  );
  expect(await problems(crm)).toEqual([]);
  await crm.close();
});

test('an operator sees the report in English on a telephone', async () => {
  await finished('Осень');
  const crm = await Crm.open(browser, host, { role: 'viewer', locale: 'en' });
  await crm.page.setViewportSize({ width: 360, height: 760 });
  await crm.visitCampaign('Осень');
  await crm.seen('What became of everybody', 'The number cannot be reached through this channel.');
  expect(await crm.card.getByRole('checkbox', { name: /^Write again/ }).count()).toBe(0);
  await crm.button('Show the rows: The provider refused it.').click();
  await crm.card.getByRole('button', { name: 'Details of +79120000005' }).waitFor();
  const wide = await crm.card
    .locator('body')
    .evaluate(
      (body) =>
        body.ownerDocument.documentElement.scrollWidth - body.ownerDocument.documentElement.clientWidth,
    );
  expect(wide).toBe(0);
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

test('from a reply the operator goes to its chat', async () => {
  const id = await finished('Зима', 'sms-romashka-number');
  host.sandbox.customers.reply({ tenant: 'romashka', phone: '+79120000001', text: 'А пионы есть?' });
  await host.as('romashka').until(id, ({ progress }) => progress.replied === 1);
  const opened = () => host.sandbox.conversations.chatsOf('romashka').length;
  await host.as('romashka').until(id, () => opened() === 1);
  const crm = await Crm.open(browser, host, { role: 'operator' });
  await crm.visitCampaign('Зима');
  await crm.card.locator('.report-rows summary').click();
  await crm.field('Номер телефона').fill('+79120000001');
  await crm.button('Найти').click();
  await crm.button('Подробно о +79120000001').click();
  await crm.seen('А пионы есть?');
  await crm.button('Открыть чат в РМО').click();
  await crm.page.waitForURL(/\/rmo\?/);
  // Open already, not only in the list.
  await crm.page
    .locator('#chat')
    .getByRole('heading', { name: /912.*000.*00.*01/ })
    .waitFor();
  await crm.page.locator('#chat').getByText('А пионы есть?').first().waitFor();
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});
