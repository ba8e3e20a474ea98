import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, Request } from 'playwright-core';
import { PAGE_SIZE } from '../../contract/campaign.ts';
import { startApp, type TestApp } from '../../backend/test/app.ts';
import { OpenStreams } from '../../backend/src/live/open-streams.ts';
import { launchBrowser } from '../../backend/test/browser.ts';
import { Crm } from './crm.ts';

/** A running campaign on the screen: up to date, adding up, and stopped from anywhere. */
let browser: Browser;
let host: TestApp;
let crm: Crm;
let campaigns = 0;
let id: number;
let name: string;

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

/** One that goes on until it is stopped, unless it is shorter. */
async function aRun(count = 3000, on: TestApp = host, ratePerMinute = 300): Promise<void> {
  name = `Ход ${(campaigns += 1)}`;
  const api = on.as('romashka');
  ({ id } = await api.create(name));
  await api.change(id, {
    method: 'sms',
    channelId: 'sms-romashka-number',
    text: 'Здравствуйте!',
    ratePerMinute,
  });
  const phones = Array.from(
    { length: count },
    (_, i) => `8912${String(campaigns * 10_000 + i).padStart(7, '0')}`,
  );
  await api.upload(id, 'main', ['Телефон', ...phones, phones[0], 'нет'].join('\r\n')).expect(200);
  await api.control(id, 'start').expect(200);
}

/** Calls of the API from here on: its path after the campaign's, and the method. */
function watchCalls(): string[] {
  const calls: string[] = [];
  crm.page.on('request', (request: Request) => {
    const { pathname } = new URL(request.url());
    if (pathname.startsWith(`/api/campaigns/${id}`))
      calls.push(`${request.method()} ${pathname.replace(`/api/campaigns/${id}`, '')}`);
  });
  return calls;
}

const live = () => crm.card.getByText('В реальном времени', { exact: true });
const big = () => crm.card.locator('.progress-big strong');

describe('on the campaign’s page', () => {
  beforeEach(async () => {
    crm = await Crm.open(browser, host);
  });

  test('every time the numbers change they add up to the rows of the file', async () => {
    await aRun(25);
    await crm.visitCampaign(name);
    await crm.seen(crm.card.locator('.account'));
    // Every state of the page is read, not one now and then: whenever anything in the card has changed.
    const seen = await crm.card.locator('.progress-card').evaluate(async (card) => {
      interface Node {
        querySelector(name: string): { textContent: string };
        querySelectorAll(name: string): Iterable<{ textContent: string }>;
      }
      const page = globalThis as unknown as {
        MutationObserver: new (done: () => void) => { observe(node: unknown, options: object): void };
      };
      const root = card as unknown as Node;
      const count = (text: string) => Number(text.replace(/\D/g, ''));
      const states: { parts: number[]; rows: number; done: number }[] = [];
      const read = () => {
        const cells = [...root.querySelectorAll('.account tbody td')];
        states.push({
          parts: cells.map(({ textContent }) => count(textContent)),
          rows: count(root.querySelector('.account tfoot td').textContent),
          done: count(root.querySelector('.progress-big strong').textContent),
        });
      };
      await new Promise<void>((finished) => {
        const look = () => {
          read();
          if (states.at(-1)!.done === 25) finished();
        };
        new page.MutationObserver(look).observe(card, {
          subtree: true,
          childList: true,
          characterData: true,
        });
        look();
      });
      return states;
    });
    for (const { parts, rows, done } of seen) {
      expect([rows, parts.reduce((sum, part) => sum + part, 0)]).toEqual([27, 27]);
      // Sent, delivered, read, failed and unknown are the last five.
      expect(parts.slice(-5).reduce((sum, part) => sum + part, 0)).toBe(done);
    }
    // A busy machine sees fewer of them; each has been counted in between.
    expect(new Set(seen.map(({ done }) => done)).size).toBeGreaterThan(1);
    await crm.seen(crm.card.getByText('Завершена', { exact: true }).first());
  });

  test('it is told what happens, and does not ask', async () => {
    await aRun();
    await crm.visitCampaign(name);
    await crm.seen(live());
    const calls = watchCalls();
    const before = await big().innerText();
    await crm.gone(crm.card.locator('.progress-big strong').getByText(before, { exact: true }));
    await crm.card.getByText('История', { exact: true }).click();
    await crm.seen(crm.card.locator('.history-list'));
    await host.as('romashka', 'operator').control(id, 'pause').expect(200);
    await crm.seen('Приостановлена вручную');
    await crm.seen(crm.card.locator('.history-list').getByText('operator-1').first());
    expect(calls.filter((call) => /^GET (\/events)?$/.test(call))).toEqual([]);
  });

  test('a stream that was ended is had again, and what happened meanwhile is there', async () => {
    await aRun();
    await crm.visitCampaign(name);
    await crm.seen(live());
    const again = crm.page.waitForRequest((request) => request.url().endsWith(`/${id}/events`));
    // As if every token had expired.
    host.app.get(OpenStreams).runOnce(Date.now() + 3_600_000);
    await again;
    await host.as('romashka').control(id, 'pause').expect(200);
    await crm.seen('Приостановлена вручную', live());
  });

  test('without a network it says how old the numbers are; with it they are right at once', async () => {
    await aRun();
    await crm.visitCampaign(name);
    await crm.seen(live());
    const network = `**/api/campaigns/${id}**`;
    await crm.page.route(network, (route) => route.abort('internetdisconnected'));
    host.app.get(OpenStreams).runOnce(Date.now() + 3_600_000);
    await crm.seen('Нет связи с сервером', /^На \d\d:\d\d:\d\d$/);
    await host.as('romashka').control(id, 'pause').expect(200);
    await crm.page.unroute(network);
    await crm.seen('Приостановлена вручную', live());
    await crm.gone(crm.text('Нет связи с сервером'));
  });

  test('what went wrong is said, with what to do about it', async () => {
    await aRun(40);
    await host.as('romashka').control(id, 'pause').expect(200);
    await host.database.dataSource.query(
      `update message set sent_at = now(),
              state = (case when position % 10 = 1 then 'unknown' when position % 10 = 2 then 'failed' else 'delivered' end)::message_state
        where account_id = 1 and campaign_id = $1 and state <> 'duplicate'`,
      [id],
    );
    await crm.visitCampaign(name);
    await crm.seen(/^Ошибок: \d, это \d+\s%/, /Причины по каждой строке есть в отчёте/);
    await crm.seen(/^\d сообщени. остал.*без ответа/, /не отправляем повторно/);
  });

  test('of a rate that is being typed only the finished one counts', async () => {
    await aRun();
    await crm.visitCampaign(name);
    const rate = crm.card.getByRole('textbox', { name: 'Сообщений в минуту' });
    await rate.fill('2');
    await crm.seen('Подействует по Enter или когда вы выйдете из поля.');
    await rate.fill('25');
    await rate.press('Enter');
    await host.as('romashka').until(id, ({ settings }) => settings.ratePerMinute === 25);
    const { body } = await host.as('romashka').call('get', `/campaigns/${id}/history`).expect(200);
    const rates = body.data.filter(({ action }: { action: string }) => action === 'rate');
    expect(rates.map((each: { rate: number }) => each.rate)).toEqual([25]);
  });

  test('how fast it went is drawn, and said in words and in a table', async () => {
    await aRun(2400);
    const { dataSource } = host.database;
    const shift = `now() - interval '40 min'`;
    await host.as('romashka').control(id, 'pause').expect(200);
    await dataSource.query(`update run set started_at = ${shift} where account_id = 1 and campaign_id = $1`, [
      id,
    ]);
    await dataSource.query(
      `update campaign_event set at = ${shift} - case when action = 'start' then interval '0' else interval '1 h' end
        where account_id = 1 and campaign_id = $1 and action <> 'pause'`,
      [id],
    );
    await dataSource.query(
      `update message set state = 'delivered', sent_at = ${shift} + position * interval '1 s'
        where account_id = 1 and campaign_id = $1`,
      [id],
    );
    await crm.visitCampaign(name);
    const pace = crm.card.locator('.pace');
    await crm.seen(
      pace.locator('canvas'),
      pace.getByText(/В среднем \d+.* в минуту, самое большее 6\d; задано 300/),
    );
    await pace.getByText('То же таблицей').click();
    expect(await pace.getByRole('row').count()).toBeGreaterThan(10);
    const drawn = () =>
      pace.locator('canvas').evaluate((canvas) => {
        const { width, height, getContext } = canvas as unknown as {
          width: number;
          height: number;
          getContext(kind: string): { getImageData(...box: number[]): { data: Uint8ClampedArray } };
        };
        return new Set(getContext.call(canvas, '2d').getImageData(0, 0, width, height).data).size;
      });
    expect(await drawn()).toBeGreaterThan(10);
  });
});

describe('on a phone', () => {
  test('Pause is in sight wherever the page was scrolled to, and answers with its receipt', async () => {
    crm = await Crm.open(browser, host, { role: 'operator' });
    await crm.page.setViewportSize({ width: 360, height: 740 });
    await aRun();
    await crm.visitCampaign(name);
    const bar = crm.card.getByRole('region', { name: 'Рассылка идёт' });
    const pause = bar.getByRole('button', { name: 'Пауза', exact: true });
    for (const scroll of [0, 400, 800]) {
      await crm.page.evaluate((top) => (globalThis as unknown as Scrolls).scrollTo(0, top), scroll);
      await crm.onScreen(pause);
    }
    await pause.click();
    await crm.seen(bar.getByText(/Пауза действует с \d\d:\d\d:\d\d/));
    await crm.seen(bar.getByText(/В пути ничего не было|уже был[ои] в пути/));
    const { state } = await host.as('romashka').get(id);
    expect(state).toBe('paused');
    const sent = host.sandbox.ledger.stats('romashka').accepted;
    await host.as('romashka').control(id, 'resume').expect(200);
    // It says what was true, and that this is over; it stays until it is put away.
    await crm.seen(pause);
    await crm.button('Приостановить рассылку').scrollIntoViewIfNeeded();
    await crm.seen(/С тех пор состояние изменилось\. Сейчас: Идёт/);
    await crm.gone(bar);
    await crm.button('Закрыть').click();
    await crm.gone(crm.text(/Пауза действует с/));
    expect(host.sandbox.ledger.stats('romashka').accepted).toBeGreaterThanOrEqual(sent);
  });

  test('who may only look has no Pause', async () => {
    crm = await Crm.open(browser, host, { role: 'viewer' });
    await crm.page.setViewportSize({ width: 360, height: 740 });
    await aRun();
    await crm.visitCampaign(name);
    await crm.seen(live());
    expect(await crm.button('Пауза').count()).toBe(0);
  });
});

test('from a server without streams the numbers come by asking', async () => {
  const own = await startApp({ LIVE_STREAMS: '0' });
  try {
    crm = await Crm.open(browser, own);
    await aRun(20, own, 5);
    await crm.visitCampaign(name);
    await crm.seen(/^На \d\d:\d\d:\d\d$/);
    const calls = watchCalls();
    // Only now, so that it is not over before anybody looks.
    await own.as('romashka').change(id, { ratePerMinute: 300 });
    await crm.seen(crm.card.getByText('Завершена', { exact: true }).first());
    expect(calls.filter((call) => call === 'GET ').length).toBeGreaterThan(1);
    expect(await live().count()).toBe(0);
  } finally {
    await crm.close();
    await own.stop();
  }
});

describe('in the list', () => {
  test('a campaign is paused and resumed at a press, and shows its progress', async () => {
    crm = await Crm.open(browser, host, { role: 'operator' });
    await aRun();
    await crm.visit('/integration/mass-messaging');
    const line = crm.card.getByRole('listitem').filter({ hasText: name });
    await crm.gone(line.getByText(/^0\s%$/));
    // A finger in a hurry: the second tap comes the moment Resume stands where Pause was.
    const tappedTwice = await line.locator('.campaign-action').evaluate((place) => {
      interface Place {
        querySelector(name: string): {
          textContent: string;
          ariaDisabled: string | null;
          click(): void;
        };
      }
      const page = globalThis as unknown as {
        MutationObserver: new (done: () => void) => { observe(node: unknown, options: object): void };
      };
      return new Promise((tapped) => {
        const button = () => (place as unknown as Place).querySelector('button');
        let taps = 1;
        const look = () => {
          if (taps === 2 || !button().textContent.includes('Возобновить')) return;
          taps = 2;
          const isOff = button().ariaDisabled === 'true';
          button().click();
          tapped(isOff);
        };
        const options = { subtree: true, childList: true, characterData: true };
        new page.MutationObserver(look).observe(place, options);
        button().click();
      });
    });
    expect(tappedTwice).toBe(true);
    await crm.seen(line.getByText(/Пауза действует с/), line.getByText('На паузе', { exact: true }));
    await line.getByRole('button', { name: `Возобновить: ${name}` }).click();
    await crm.seen(line.getByText(/Возобновлена в/), line.getByText('Идёт', { exact: true }));
    await line.getByRole('button', { name: 'Закрыть' }).click();
    await host.as('romashka').control(id, 'pause').expect(200);
    await crm.seen(line.getByText('На паузе', { exact: true }));
  });

  test('one whose last messages fail says so', async () => {
    crm = await Crm.open(browser, host);
    await aRun(90);
    await host.as('romashka').control(id, 'pause').expect(200);
    // More than can have left by now.
    await host.database.dataSource.query(
      `update message set state = (case when position % 4 = 0 then 'delivered' else 'failed' end)::message_state
        where account_id = 1 and campaign_id = $1 and position > 30`,
      [id],
    );
    const over = 'update campaign set cursor = last_position where account_id = 1 and id = $1';
    await host.database.dataSource.query(over, [id]);
    await crm.visit('/integration/mass-messaging');
    const line = crm.card.getByRole('listitem').filter({ hasText: name });
    await crm.seen(line.getByText(/^Ошибок среди последних \d\d: \d\d\s%$/));
  });

  test('of many campaigns one is found by its name or state, and all are reached by scrolling', async () => {
    const count = 3 * PAGE_SIZE;
    await host.database.dataSource.query(
      `with more as (
         insert into campaign (account_id, id, rate) select 2, n, 60 from generate_series(1001, 1000 + $1::int) n)
       insert into campaign_settings (account_id, campaign_id, name, name_key, method, created_by, updated_at)
       select 2, n, 'Архив ' || n, 'архив ' || n, 'sms', 'test', now() - n * interval '1 min'
         from generate_series(1001, 1000 + $1::int) n`,
      [count],
    );
    crm = await Crm.open(browser, host, { tenant: 'vasilek' });
    await crm.visit('/integration/mass-messaging');
    await crm.seen(crm.card.getByRole('button', { name: `Все ${count}`, exact: true }));
    const lines = crm.card.locator('.campaign-line');
    expect(await lines.count()).toBeLessThan(count);
    while ((await lines.count()) < count) await lines.last().scrollIntoViewIfNeeded();
    await crm.seen(crm.text(`Архив ${1000 + count}`));
    await crm.field('Поиск по названию').fill('АРХИВ 1077');
    await crm.seen(crm.card.getByRole('button', { name: 'Все 1', exact: true }), 'Архив 1077');
    expect(await lines.count()).toBe(1);
    await crm.field('Поиск по названию').fill('нет такой');
    await crm.seen('Таких рассылок нет');
    await crm.button('Показать все').click();
    await crm.seen('Архив 1001');
  });
});

interface Scrolls {
  scrollTo(left: number, top: number): void;
}
