import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { EventFeed } from '../src/receipts/event-feed.ts';
import { InboxProcessor } from '../src/receipts/inbox-processor.ts';
import { startApp, type TestApp } from './app.ts';
import { hostDouble, type HostDouble } from './host-double.ts';

/** What webhooks missed, by the host's feed of events. The two tenants' accounts are 1 and 2. */
let host: TestApp;
let double: HostDouble | null = null;

beforeAll(async () => {
  host = await startApp();
});
afterEach(async () => {
  await double?.close();
  double = null;
});
afterAll(() => host.stop());
beforeEach(async () => {
  // Nothing is due by itself while a test looks.
  await sql(`insert into event_feed (account_id, installation_id) select account_id, id from installation
                 on conflict do nothing`);
  await sql(`update event_feed set read_at = now(), not_before = now() + interval '1 hour', failures = 0`);
});

const sql = <Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
  host.database.dataSource.query(text, values);
const due = (account: number, more = '') =>
  sql(`update event_feed set read_at = '-infinity', not_before = '-infinity' ${more} where account_id = $1`, [
    account,
  ]);
const feedOf = async (account: number) =>
  (
    await sql<{ place: string; failures: number; waits: string }>(
      `select place, failures, round(extract(epoch from not_before - now()) / 3600) as waits
       from event_feed where account_id = $1`,
      [account],
    )
  )[0]!;

async function read(account: number): Promise<number> {
  await due(account);
  return host.app.get(EventFeed).runOnce();
}

async function sent(tenant: 'romashka' | 'vasilek', name: string): Promise<number> {
  const api = host.as(tenant);
  const { id } = await api.create(name);
  const settings = { channelId: `sms-${tenant}-number`, text: 'Привет', ratePerMinute: 300 };
  await api.change(id, { method: 'sms', ...settings });
  await api.upload(id, 'main', 'Телефон\r\n89127770001\r\n89127770002\r\n').expect(200);
  await api.control(id, 'start').expect(200);
  await api.until(id, ({ state }) => state === 'completed');
  return id;
}

test('what came by webhook comes once more by the feed, and counts once', async () => {
  const id = await sent('vasilek', 'Оба пути');
  await host.as('vasilek').until(id, ({ progress }) => progress.account.delivered === 2);
  const before = await sql('select id, tries, processed_at from inbox where account_id = 2 order by id');
  expect(before).toHaveLength(4);
  expect(await read(2)).toBe(4);
  expect(await sql('select id, tries, processed_at from inbox where account_id = 2 order by id')).toEqual(
    before,
  );
});

test('receipts and answers whose webhooks were lost arrive by the feed; the place is kept, and nothing is read twice', async () => {
  host.sandbox.webhooks.stop();
  const id = await sent('romashka', 'Без вебхуков');
  host.sandbox.customers.reply({ tenant: 'romashka', phone: '+79127770001', text: 'СТОП' });
  while (!host.sandbox.ledger.entries('romashka').every(({ status }) => status === 'delivered'))
    await new Promise((resume) => setImmediate(resume));
  expect(await sql('select 1 from inbox where account_id = 1')).toEqual([]);
  expect(await read(1)).toBe(5);
  await host.app.get(InboxProcessor).runOnce();
  const { progress } = await host
    .as('romashka')
    .until(id, (campaign) => campaign.progress.account.delivered === 2);
  expect(progress.account.sent).toBe(0);
  expect(await sql('select phone from stop_list where account_id = 1')).toEqual([{ phone: '+79127770001' }]);
  const { place } = await feedOf(1);
  expect(await read(1)).toBe(0);
  expect((await feedOf(1)).place).toBe(place);
});

test('a place the host has forgotten: from its oldest event on, and again nothing counts twice', async () => {
  await due(1, `, place = 'of-yore'`);
  expect(await host.app.get(EventFeed).runOnce()).toBe(5);
  expect((await feedOf(1)).place).not.toBe('of-yore');
  expect(await sql('select count(*)::int as count from inbox where account_id = 1')).toEqual([{ count: 5 }]);
});

test.each([
  ['has no feed is asked again in a day', 404, '', { failures: 0, waits: '24' }],
  ['says it has none, as well', 501, '', { failures: 0, waits: '24' }],
  ['breaks down is left alone, longer each time', 500, '', { failures: 7, waits: '1' }],
  ['answers rubbish, as well', 200, '{"data":"x","next":1}', { failures: 7, waits: '1' }],
  ['answers no JSON, as well', 200, '<html>', { failures: 7, waits: '1' }],
])('a host that %s', async (_what, status, body, expected) => {
  const { place } = await feedOf(1);
  double = await hostDouble(host, 1, (_request, response) => response.writeHead(status).end(body));
  await due(1, ', failures = 6');
  expect(await host.app.get(EventFeed).runOnce()).toBe(0);
  expect(await feedOf(1)).toEqual({ place, ...expected });
  // It is not asked before its time, however long ago it was read.
  await sql(`update event_feed set read_at = '-infinity'`);
  expect(await host.app.get(EventFeed).runOnce()).toBe(0);
});

test('a host that never answers delays its own feed only', async () => {
  let held: (() => void) | undefined;
  const asked = new Promise<void>((arrived) => {
    void hostDouble(host, 1, (_request, response) => {
      held = () => response.destroy();
      arrived();
    }).then(async (opened) => {
      double = opened;
      await due(1);
      host.app.get(EventFeed).tick();
    });
  });
  await asked;
  expect(await read(2)).toBeGreaterThanOrEqual(0);
  expect((await feedOf(2)).failures).toBe(0);
  expect(
    (
      await sql<{ read: boolean }>(
        `select read_at > '-infinity' as read from event_feed where account_id = 2`,
      )
    )[0],
  ).toEqual({ read: true });
  held!();
  while ((await feedOf(1)).failures === 0) await new Promise((resume) => setImmediate(resume));
});

test('a feed is due once a minute while something is sent, once an hour else, and at once when it was never read', async () => {
  const dueNow = async (readAgo: string) => {
    await sql(
      `update event_feed set read_at = now() - $1::interval, not_before = now() where account_id = 2`,
      [readAgo],
    );
    await host.app.get(EventFeed).runOnce();
    return (
      (await sql(`select 1 from event_feed where account_id = 2 and read_at > now() - interval '20 s'`))
        .length === 1
    );
  };
  // As of a process that has been running for long.
  Object.assign(host.app.get(EventFeed), { begunAt: new Date(0) });
  expect(await dueNow('50 s')).toBe(false);
  expect(await dueNow('70 s')).toBe(true);
  await sql(`update run set finished_at = now() - interval '2 days' where account_id = 2`);
  expect(await dueNow('59 min')).toBe(false);
  expect(await dueNow('61 min')).toBe(true);
});
