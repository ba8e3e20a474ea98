import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Browser, Frame } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm, csvFile } from './crm.ts';

/** The whole way of a campaign, from the list to its report, without a mouse. */
let host: TestApp;
let browser: Browser;

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

/** More than there are places to stop at on any page of the card. */
const FAR = 120;

interface Focused {
  name: string;
  tag: string;
  /** Something is drawn around it, or it is drawn by what stands for it. */
  isVisible: boolean;
}

/** What has the focus in the card, as a screen reader would say it; null: nothing has. */
function focused(frame: Frame): Promise<Focused | null> {
  return frame.evaluate(() => {
    interface Element {
      tagName: string;
      innerText: string;
      labels?: ArrayLike<{ innerText: string }>;
      getAttribute(name: string): string | null;
      matches(selector: string): boolean;
      getBoundingClientRect(): { width: number; height: number };
    }
    const page = globalThis as unknown as {
      document: { activeElement: Element | null; body: Element; getElementById(id: string): Element | null };
      getComputedStyle(element: Element): { outlineStyle: string; boxShadow: string };
    };
    const element = page.document.activeElement;
    if (!element || element === page.document.body) return null;
    const labelled = page.document.getElementById(element.getAttribute('aria-labelledby') ?? '');
    const name =
      element.getAttribute('aria-label') ??
      labelled?.innerText ??
      element.labels?.[0]?.innerText ??
      element.innerText;
    const { outlineStyle, boxShadow } = page.getComputedStyle(element);
    const { width, height } = element.getBoundingClientRect();
    // A file field is drawn by its label.
    const isDrawn = width < 2 || height < 2 || outlineStyle !== 'none' || boxShadow !== 'none';
    return {
      name: (name ?? '').replace(/\s+/g, ' ').trim(),
      tag: element.tagName.toLowerCase(),
      isVisible: element.matches(':focus-visible') && isDrawn,
    };
  });
}

test('from the list to the report by keyboard alone, the focus always seen and never lost', async () => {
  const crm = await Crm.open(browser, host);
  await crm.visit('/integration/mass-messaging');
  await crm.seen(crm.button('Новая рассылка'));
  const frame = crm.page.frames().find((each) => each.url().includes('/widget/'))!;
  const { keyboard } = crm.page;

  /** Goes on with Tab until the wanted place has the focus. */
  async function tabTo(wanted: string | RegExp): Promise<void> {
    const passed: string[] = [];
    for (let step = 0; step < FAR; step += 1) {
      await keyboard.press('Tab');
      const at = await focused(frame);
      if (!at) continue;
      passed.push(at.name);
      expect(at).toMatchObject({ isVisible: true });
      if (typeof wanted === 'string' ? at.name === wanted : wanted.test(at.name)) return;
    }
    throw new Error(`${String(wanted)} cannot be reached by Tab: ${passed.join(' | ')}`);
  }
  /** The same backwards. */
  async function backTo(wanted: RegExp): Promise<void> {
    for (let step = 0; step < FAR; step += 1) {
      await keyboard.press('Shift+Tab');
      const at = await focused(frame);
      if (at && wanted.test(at.name)) return;
    }
    throw new Error(`${String(wanted)} cannot be reached by Shift+Tab`);
  }

  await tabTo('Новая рассылка');
  await keyboard.press('Enter');
  await crm.seen(crm.field('Название рассылки'));
  expect((await focused(frame))?.name).toBe('Название рассылки');
  await keyboard.type('Без мыши');
  await keyboard.press('Enter');
  await crm.seen(crm.card.getByRole('heading', { name: 'Без мыши', level: 1 }));
  expect((await focused(frame))?.name).toBe('Без мыши');

  await tabTo(/^WABA/);
  await keyboard.press('ArrowDown');
  await crm.seen(crm.field('Канал SMS'));
  await tabTo('Канал SMS');
  await keyboard.press('ArrowDown');
  await tabTo('Текст сообщения');
  await keyboard.type('Скидка до воскресенья!');

  // Asked for well before the press: until the browser knows of it, it opens a window of its own that nobody answers.
  const chooser = crm.page.waitForEvent('filechooser');
  await tabTo('Основной файл');
  await keyboard.press('Enter');
  const phones = Array.from({ length: 40 }, (_, i) => `8912000${1000 + i}`);
  await (await chooser).setFiles(csvFile('клиенты.csv', ['Телефон', ...phones].join('\r\n')));
  await crm.seen('клиенты.csv');

  await tabTo('Сообщений в минуту');
  await keyboard.press('Control+A');
  await keyboard.type('300');
  await crm.saved();
  await crm.seen('Готово к запуску');

  await tabTo('Запустить рассылку');
  await keyboard.press('Enter');
  const dialog = crm.card.getByRole('dialog');
  await dialog.waitFor();
  await tabTo('Запустить рассылку');
  await keyboard.press('Enter');
  await crm.seen(/Запущена в/);
  expect(await focused(frame)).not.toBeNull();

  await backTo(/Приостановить рассылку|Пауза/);
  await keyboard.press('Space');
  await crm.seen(/Пауза действует с/);
  expect(await focused(frame)).not.toBeNull();
  await backTo(/Возобновить рассылку|Возобновить/);
  // For a moment after a pause it does nothing: a second tap must not undo it.
  await crm.gone(crm.card.locator('[aria-disabled=true]').first());
  await keyboard.press('Space');
  await crm.seen(crm.card.getByText('Завершена', { exact: true }).first());

  const download = crm.page.waitForEvent('download');
  await tabTo('Скачать отчёт о рассылке');
  await keyboard.press('Enter');
  expect((await download).suggestedFilename()).toMatch(/^Без мыши/);

  // Back where one came from, from a list that has been read anew.
  await backTo(/^Все рассылки$/);
  await keyboard.press('Enter');
  const line = crm.card.getByRole('button', { name: 'Без мыши', exact: true });
  await crm.card.locator('.campaign-open:focus').waitFor();
  expect(await line.evaluate((element) => element.matches(':focus'))).toBe(true);
  const { errors } = crm;
  await crm.close();
  expect(errors).toEqual([]);
});
