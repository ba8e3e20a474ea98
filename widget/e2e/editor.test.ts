import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
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

test('who looks at the other method and comes back finds what was chosen', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Back and forth');
  await api.change(id, { method: 'waba', channelId: 'wa-romashka-sales' });
  const crm = await Crm.open(browser, host, { locale: 'en' });
  await crm.visitCampaign('Back and forth');
  const template = crm.card.locator('#template');
  await template.selectOption({ index: 1 });
  const chosen = await template.inputValue();
  await crm.card.getByRole('radio', { name: /^SMS/ }).check();
  await crm.seen(crm.field('Message Text'));
  await crm.card.getByRole('radio', { name: /^WABA/ }).check();
  await crm.seen(template);
  expect([await template.inputValue(), chosen !== '']).toEqual([chosen, true]);
  const kept = await api.until(
    id,
    ({ settings }) => settings.templateId === chosen && settings.method === 'waba',
  );
  expect(kept.settings.channelId).toBe('wa-romashka-sales');
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

test('the text shows what makes it longer and which variables no file has, and goes along when it is scrolled', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Marks');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka' });
  await api.upload(id, 'main', 'Phone;Name\r\n89120000001;Ann\r\n').expect(200);
  const crm = await Crm.open(browser, host, { locale: 'en' });
  await crm.visitCampaign('Marks');
  const text = crm.field('Message Text');
  const marks = crm.card.locator('.sms-marks');
  const marked = () =>
    marks.locator('mark').evaluateAll((all) => all.map((each) => `${each.className} ${each.textContent}`));
  await text.fill('“Sale” {{Name}} {{Town}}');
  expect(await marked()).toEqual(['forcing “', 'forcing ”', 'variable {{Name}}', 'unknown {{Town}}']);
  // In a Cyrillic text every letter would be marked, and none is a mistake.
  await text.fill('Скидка «всё», {{Name}}');
  expect(await marked()).toEqual(['variable {{Name}}']);

  // The layer lies exactly under the letters: it is as large, breaks the lines alike and goes along.
  await text.fill(Array.from({ length: 60 }, (_, i) => `${'word '.repeat(i % 30)}{{Name}}`).join('\n'));
  const sizes = (locator: typeof text) =>
    locator.evaluate((element) => {
      const { clientWidth, scrollHeight } = element as unknown as {
        clientWidth: number;
        scrollHeight: number;
      };
      return [clientWidth, scrollHeight];
    });
  expect(await sizes(marks)).toEqual(await sizes(text));
  await text.evaluate((element) => ((element as unknown as { scrollTop: number }).scrollTop = 150));
  await marks.evaluate(async (layer) => {
    const { requestAnimationFrame } = globalThis as unknown as {
      requestAnimationFrame(done: () => void): void;
    };
    while ((layer as unknown as { scrollTop: number }).scrollTop !== 150) {
      await new Promise<void>((drawn) => requestAnimationFrame(drawn));
    }
  });
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

test('the message is shown with the first row, the next one, one by its number and one by its phone', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Rows');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Dear {{Name}}, “sale”!' });
  const file = ['Phone;Name', '89120000001;Ann', '89120000001;Ann again', '89120000003;', 'none;Ivan'];
  await api.upload(id, 'main', file.join('\r\n')).expect(200);
  const crm = await Crm.open(browser, host, { locale: 'en' });
  await crm.visitCampaign('Rows');
  const row = (n: number) => crm.card.locator('.row-said').getByText(`Row ${n}`, { exact: true });
  const bubble = (text: string) => crm.card.locator('.phone-bubble').getByText(text, { exact: true });
  await crm.seen(bubble('Dear Ann, “sale”!'), row(2), 'Will get this message.');
  // As it is typed, before it is saved.
  await crm.field('Message Text').fill('Hello {{Name}}');
  await crm.seen(bubble('Hello Ann'));
  await crm.button('Next row').click();
  await crm.seen(bubble('Hello Ann again'), row(3), 'Will not get it: a duplicate.');
  const wanted = crm.field('Row number or phone');
  await wanted.fill('5');
  await crm.page.keyboard.press('Enter');
  await crm.seen(row(5), /There is no phone number/);
  await wanted.fill('+7 912 000-00-03');
  await crm.page.keyboard.press('Enter');
  await crm.seen(bubble('Hello'), row(4), 'Empty: Name');
  await wanted.fill('77');
  await crm.page.keyboard.press('Enter');
  await crm.seen('There is no such row in the file.');
  await wanted.fill('Ann');
  await crm.page.keyboard.press('Enter');
  await crm.seen('Type the number of a row or a whole phone number.');
  await wanted.fill('+7 912');
  await crm.page.keyboard.press('Enter');
  await crm.button('Show any other row').click();
  expect(await wanted.evaluate((element) => element.matches(':focus'))).toBe(true);
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});

test('a reload in the middle of writing loses nothing, even where nothing could be saved', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Reload');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka' });
  const crm = await Crm.open(browser, host, { locale: 'en' });
  await crm.visitCampaign('Reload');
  await crm.context.route(/\/api\/campaigns\/\d+$/, (route) =>
    route.request().method() === 'PATCH' ? route.abort() : route.continue(),
  );
  await crm.field('Message Text').fill('Half a sent');
  await crm.field('Messages Per Minute').fill('many');
  await crm.page.reload();
  await crm.context.unrouteAll();
  expect(await crm.field('Message Text').inputValue()).toBe('Half a sent');
  expect(await crm.field('Messages Per Minute').inputValue()).toBe('many');
  await crm.field('Messages Per Minute').fill('120');
  await crm.seen(crm.card.getByText('Saved', { exact: true }));
  expect((await api.get(id)).settings).toMatchObject({ text: 'Half a sent', ratePerMinute: 120 });
  // What was left is not come back to, and who goes to the card anew begins with the list.
  await crm.button('All campaigns').click();
  await crm.page.reload();
  await crm.card.getByRole('button', { name: 'Reload', exact: true }).click();
  await crm.visit('/integration/mass-messaging');
  await crm.seen(crm.card.getByRole('button', { name: 'Reload', exact: true }));
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});
