import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { loadRanges } from '../../backend/src/ranges/load-ranges.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { problems } from './axe.ts';
import { Crm } from './crm.ts';

/** Every view, in both languages and themes. */

let host: TestApp;
let browser: Browser;
/** One of each kind. */
const NAMES = {
  template: 'Шаблон',
  refused: 'С ошибками',
  ready: 'Готова',
  running: 'Идёт',
  paused: 'На паузе',
  over: 'Прошла',
};

beforeAll(async () => {
  [host, browser] = await Promise.all([startApp(), launchBrowser()]);
  const api = host.as('romashka');
  // Some of the numbers are known to be from the east.
  const east = { low: 79_120_000_010, high: 79_120_000_029, zone: 'Asia/Omsk' };
  await loadRanges(host.database.dataSource, [east]);
  const file = ['Телефон;Имя', ...Array.from({ length: 60 }, (_, i) => `891200000${10 + i};Имя${i}`)];
  const make = async (name: string, lines = file) => {
    const { id } = await api.create(name);
    await api.change(id, {
      method: 'sms',
      channelId: 'sms-romashka',
      text: 'Здравствуйте, {{Имя}}!',
      ratePerMinute: name === NAMES.over ? 300 : 1,
      sendingHours: { from: '00:00', to: '23:59', zone: 'recipient' },
    });
    await api.upload(id, 'main', lines.join('\r\n')).expect(200);
    return id;
  };
  const template = await api.create(NAMES.template);
  await api.change(template.id, { method: 'waba', channelId: 'wa-romashka-sales' });
  await make(NAMES.refused, [...file.slice(0, 5), 'нет;Никто', '7,91235E+10;Некто', file[1]!]);
  await make(NAMES.ready);
  await api.control(await make(NAMES.running), 'start').expect(200);
  const paused = await make(NAMES.paused);
  await api.control(paused, 'start').expect(200);
  await api.control(paused, 'pause').expect(200);
  const over = await make(NAMES.over, [...file.slice(0, 9), 'нет;Никто']);
  await api.control(over, 'start').expect(200);
  await api.until(over, ({ state, progress }) => state === 'completed' && progress.account.sent === 0);
  await host.database.dataSource.query(
    `update message set state = case position when 1 then 'unknown' else 'failed' end::message_state,
            reason = case position when 1 then 'no_answer' else 'refused' end, detail = 'code 42'
      where campaign_id = $1 and position <= 3`,
    [over],
  );
});
afterAll(async () => {
  await browser?.close();
  await host?.stop();
});

const first = (crm: Crm, selector: string) => crm.card.locator(selector).first();
const opened = async (crm: Crm, name: string) => {
  await crm.visitCampaign(name);
  await first(crm, '.campaign-form').waitFor();
};
/** Everything that can be unfolded is looked at unfolded. */
const unfold = (crm: Crm) =>
  crm.card.locator('details').evaluateAll((all) => {
    for (const each of all) (each as unknown as { open: boolean }).open = true;
  });

const VIEWS: Record<string, (crm: Crm) => Promise<void>> = {
  'the list': (crm) => crm.visit('/integration/mass-messaging').then(() => first(crm, 'h1').waitFor()),
  'a new campaign': async (crm) => {
    await crm.visit('/integration/mass-messaging');
    await crm.button(/^(Новая рассылка|New campaign)$/).click();
    await first(crm, 'form input').waitFor();
  },
  'a template': async (crm) => {
    await opened(crm, NAMES.template);
    await crm.card.locator('#template').selectOption({ index: 1 });
    await first(crm, '.wa-bubble').waitFor();
  },
  'refused rows': async (crm) => {
    await opened(crm, NAMES.refused);
    await unfold(crm);
  },
  'ready to start': (crm) => opened(crm, NAMES.ready),
  'the question before the start': async (crm) => {
    await opened(crm, NAMES.ready);
    await crm.card.locator('#main-control:not([disabled])').click();
    await crm.seen(first(crm, 'dialog[open]'));
  },
  running: (crm) => opened(crm, NAMES.running),
  paused: (crm) => opened(crm, NAMES.paused),
  'the question before a clear': async (crm) => {
    await opened(crm, NAMES.paused);
    await first(crm, '.side-card .button.danger').click();
    await crm.seen(first(crm, 'dialog[open]'));
  },
  'over, with its report': async (crm) => {
    await opened(crm, NAMES.over);
    await first(crm, '.report-rows summary').click();
    await crm.card.locator('.report-table button').nth(1).click();
    await first(crm, '.row-details').waitFor();
  },
  'the question before a restart': async (crm) => {
    await opened(crm, NAMES.over);
    await crm.button(/^(Перезапустить рассылку|Restart Campaign)$/).click();
    await first(crm, 'dialog[open] input[type=radio]').waitFor();
  },
  'writing again': async (crm) => {
    await opened(crm, NAMES.over);
    await crm.card.locator('.report-choice').last().check();
    await first(crm, '.report-again').click();
    await first(crm, 'dialog[open] .notice, dialog[open] p').waitFor();
  },
};

describe.each(['ru', 'en'] as const)('in %s', (locale) => {
  let crm: Crm;
  beforeAll(async () => {
    crm = await Crm.open(browser, host, { locale });
  });
  afterAll(() => crm.close());

  test.each(Object.entries(VIEWS))('%s', async (_name, open) => {
    await open(crm);
    expect(await problems(crm)).toEqual([]);
  });
});

test('nothing yet, and a reader who may only look', async () => {
  const empty = await Crm.open(browser, host, { tenant: 'vasilek' } as never);
  await empty.visit('/integration/mass-messaging');
  await empty.card.locator('.empty-state').waitFor();
  expect(await problems(empty)).toEqual([]);
  await empty.close();
  const viewer = await Crm.open(browser, host, { role: 'viewer' });
  await opened(viewer, NAMES.ready);
  expect(await problems(viewer)).toEqual([]);
  await viewer.close();
});

// A telephone, and a screen of 1280 enlarged four times.
test.each([360, 320])(
  'at %i pixels nothing is scrolled sideways, and a question is seen with its answers',
  async (width) => {
    const crm = await Crm.open(browser, host);
    await crm.page.setViewportSize({ width, height: 740 });
    for (const [name, open] of Object.entries(VIEWS)) {
      await open(crm);
      const wide = await first(crm, 'body').evaluate((body) => {
        const { scrollWidth, clientWidth } = body.ownerDocument.documentElement;
        return scrollWidth - clientWidth;
      });
      expect([name, wide]).toEqual([name, 0]);
      const answers = crm.card.locator('dialog[open] .dialog-actions');
      if ((await answers.count()) > 0) await crm.onScreen(answers);
    }
    await crm.close();
  },
);
