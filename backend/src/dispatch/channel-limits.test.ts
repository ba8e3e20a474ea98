import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, anAccount, phoneNumber, type TestCampaign } from '../../test/factories.ts';
import { FakeGateway } from '../../test/fake-gateway.ts';
import type { Config } from '../config.ts';
import { CHANNEL_WINDOW } from './channel-pacing.ts';
import { reservePlaces, takeTurn } from './channel-places.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import { Dispatcher } from './dispatcher.ts';
import { LATENESS } from './pacing.ts';
import { RunContents } from './run-contents.ts';

const config = { requestTimeoutMs: 5000, channelConcurrency: 50, alikeRefusals: 10 } as Config;
const phones = Array.from({ length: 40 }, (_, i) => phoneNumber(i));

let database: TestDatabase;
let hot: DispatchDatabase;
let gateway: FakeGateway;
let dispatchers: Dispatcher[];

beforeAll(async () => {
  database = await cloneDatabase();
  hot = new DispatchDatabase(database.dataSource);
});
afterAll(async () => {
  await hot.close();
  await database.drop();
});
beforeEach(() => {
  gateway = new FakeGateway();
  dispatchers = [];
});
afterEach(async () => {
  await Promise.all(dispatchers.map((each) => each.stop()));
  await database.dataSource.query(
    'truncate account cascade; truncate contact, message, dispatch_grant, provider_message, dispatch_process',
  );
});

function aDispatcher(): Dispatcher {
  const contents = new RunContents(database.dataSource);
  const dispatcher = new Dispatcher(
    database.dataSource,
    hot,
    contents,
    { host: gateway, chatwoot: gateway },
    config,
  );
  dispatchers.push(dispatcher);
  return dispatcher;
}

async function limit(accountId: number, perMinute: number, channelId = 'channel'): Promise<void> {
  await database.dataSource.query(
    `insert into channel_limit (account_id, channel_id, per_minute) values ($1, $2, $3)
     on conflict (account_id, channel_id) do update set per_minute = excluded.per_minute`,
    [accountId, channelId, perMinute],
  );
}

/** As if so many seconds had passed since the channel's last place, for its row alone. */
async function channelWaits(accountId: number, seconds: number): Promise<void> {
  await database.dataSource.query(
    `update channel_limit set due_at = now() + make_interval(secs => $2) where account_id = $1`,
    [accountId, seconds],
  );
}

/** All campaigns are due now, whatever they were granted last, and nobody looks after them. */
async function allDue(): Promise<void> {
  await database.dataSource.query(`update campaign set due_at = now() - interval '1 s', owner = null`);
  await database.dataSource.query(`update dispatch_grant set due_at = now() where owner is null`);
}

async function handedOut({ accountId, campaignId }: TestCampaign): Promise<number> {
  const [row] = await database.dataSource.query(
    'select cursor from campaign where account_id = $1 and id = $2',
    [accountId, campaignId],
  );
  return row.cursor;
}

const cursorsOf = (campaigns: readonly TestCampaign[]) => Promise.all(campaigns.map(handedOut));
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

test('of many campaigns that are due at once only as many go on as the channel has places for', async () => {
  const accountId = await anAccount(database.dataSource);
  await limit(accountId, 6);
  const campaigns = [];
  for (let i = 0; i < 5; i += 1) campaigns.push(await aCampaign(database.dataSource, { accountId, phones }));
  const dispatcher = aDispatcher();
  await dispatcher.runOnce();
  expect(sum(await cursorsOf(campaigns))).toBe(1);
  await allDue();
  dispatcher.wake();
  expect(await dispatcher.runOnce()).toBe(0);
  await channelWaits(accountId, 0);
  await allDue();
  dispatcher.wake();
  await dispatcher.runOnce();
  expect(sum(await cursorsOf(campaigns))).toBe(2);
});

test('two processes share the places of one channel', async () => {
  const accountId = await anAccount(database.dataSource);
  await limit(accountId, 6);
  const campaigns = [];
  for (let i = 0; i < 8; i += 1) campaigns.push(await aCampaign(database.dataSource, { accountId, phones }));
  const [one, two] = [aDispatcher(), aDispatcher()];
  for (let round = 1; round <= 3; round += 1) {
    await channelWaits(accountId, 0);
    await allDue();
    one.wake();
    two.wake();
    const handed = await Promise.all([one.runOnce(), two.runOnce()]);
    expect(sum(handed)).toBeLessThanOrEqual(1);
    expect(sum(await cursorsOf(campaigns))).toBeLessThanOrEqual(round);
  }
  const [row] = await database.dataSource.query(
    'select extract(epoch from due_at - now())::float8 as seconds from channel_limit',
  );
  expect(row.seconds).toBeLessThanOrEqual(CHANNEL_WINDOW / 6);
});

test('another channel, and the same name in another account, know nothing of the limit', async () => {
  const accountId = await anAccount(database.dataSource);
  await limit(accountId, 1);
  await channelWaits(accountId, 50);
  const limited = await aCampaign(database.dataSource, { accountId, phones });
  const others = [
    await aCampaign(database.dataSource, { accountId, phones, content: { channelId: 'other' } }),
    await aCampaign(database.dataSource, { phones }),
  ];
  await aDispatcher().runOnce();
  expect(await handedOut(limited)).toBe(0);
  expect(await cursorsOf(others)).toEqual([5, 5]);
});

test('a limit that is taken back holds nobody any more', async () => {
  const accountId = await anAccount(database.dataSource);
  await limit(accountId, 1);
  await channelWaits(accountId, 50);
  const campaign = await aCampaign(database.dataSource, { accountId, phones });
  const dispatcher = aDispatcher();
  await dispatcher.runOnce();
  expect(await handedOut(campaign)).toBe(0);
  await database.dataSource.query('delete from channel_limit');
  await allDue();
  dispatcher.wake();
  await dispatcher.runOnce();
  expect(await handedOut(campaign)).toBe(5);
});

test('a raised limit does not wait for what the lower one had put off', async () => {
  const accountId = await anAccount(database.dataSource);
  await limit(accountId, 1);
  await channelWaits(accountId, 60);
  await limit(accountId, 6000);
  const [place] = await reservePlaces(hot, [{ accountId, channelId: 'channel', places: 1, before: 0 }]);
  expect(place!.limit).toBe(6000);
  expect(place!.waitMs).toBeLessThan(5000);
  const [row] = await database.dataSource.query(
    `select due_at < now() + interval '5 s' as soon from channel_limit`,
  );
  expect(row.soon).toBe(true);
});

test('a grant left over from a faster rate goes out one place at a time, and nothing of it is lost', async () => {
  const accountId = await anAccount(database.dataSource);
  const campaign = await aCampaign(database.dataSource, { accountId, phones: phones.slice(0, 5) });
  await database.dataSource.query(
    `insert into dispatch_grant (account_id, campaign_id, run, low, high, owner, due_at, send_until, lease_until)
     values ($1, $2, 1, 0, 5, null, now(), now(), now())`,
    [accountId, campaign.campaignId],
  );
  await database.dataSource.query('update campaign set cursor = 5');
  await limit(accountId, 60);
  const dispatcher = aDispatcher();
  for (let sent = 1; sent <= 5; sent += 1) {
    // A machine that is held up misses a slot and takes the next.
    while (gateway.got.length < sent) {
      await channelWaits(accountId, 0);
      await allDue();
      dispatcher.wake();
      await dispatcher.runOnce();
      await dispatcher.flush();
    }
    expect(gateway.got).toHaveLength(sent);
  }
  expect(new Set(gateway.got.map(({ reference }) => reference)).size).toBe(5);
});

test('places are given in order, each channel for itself, and a channel without a limit is left alone', async () => {
  const accountId = await anAccount(database.dataSource);
  await limit(accountId, 2, 'slow');
  await limit(accountId, 6000, 'fast');
  await channelWaits(accountId, -1);
  const ask = (channelId: string, places: number, before: number) => ({
    accountId,
    channelId,
    places,
    before,
  });
  const asked = [
    ask('slow', 1, 0),
    ask('fast', 5, 0),
    ask('slow', 1, 1),
    ask('none', 1, 0),
    ask('fast', 5, 5),
  ];
  const given = await reservePlaces(hot, asked);
  expect(given.map(({ limit }) => limit)).toEqual([2, 6000, 2, null, 6000]);
  expect(given.map(({ waitMs }) => waitMs <= 0)).toEqual([true, true, false, true, true]);
  // Of what was not used no more than the lateness is made good.
  expect(given[2]!.waitMs).toBeGreaterThanOrEqual((CHANNEL_WINDOW / 2 - LATENESS) * 1000 - 1);
});

test('of those who ask at the same moment over several connections one gets the one place', async () => {
  const accountId = await anAccount(database.dataSource);
  await limit(accountId, 2);
  const ask = { accountId, channelId: 'channel', places: 1, before: 0 };
  for (let round = 0; round < 10; round += 1) {
    await channelWaits(accountId, 0);
    const given = await Promise.all(Array.from({ length: 20 }, () => reservePlaces(hot, [ask])));
    expect(given.flat().filter(({ waitMs }) => waitMs <= 0)).toHaveLength(1);
  }
});

test('a single message takes a place that is soon to come, and none that is not; without a limit it goes at once', async () => {
  const accountId = await anAccount(database.dataSource);
  expect(await takeTurn(hot, accountId, 'channel')).toBeUndefined();
  await limit(accountId, 2);
  await channelWaits(accountId, 2);
  const wait = await takeTurn(hot, accountId, 'channel');
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(2000);
  expect(await takeTurn(hot, accountId, 'channel')).toBeNull();
  const [place] = await reservePlaces(hot, [{ accountId, channelId: 'channel', places: 1, before: 0 }]);
  expect(place!.waitMs).toBeGreaterThan(2000);
});
