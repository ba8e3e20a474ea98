import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, messagesOf, phoneNumber, type TestCampaign } from '../../test/factories.ts';
import { FakeGateway } from '../../test/fake-gateway.ts';
import { healGrants } from './campaign-stops.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import { record } from './record.ts';
import { UnknownLookUp } from './unknown-look-up.ts';

let database: TestDatabase;
let hot: DispatchDatabase;
let gateway: FakeGateway;
let worker: UnknownLookUp;

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
  worker = new UnknownLookUp(database.dataSource, hot, { host: gateway, chatwoot: gateway });
});
afterEach(() =>
  sql('truncate account cascade; truncate contact, message, unknown_message, provider_message'),
);

const sql = (text: string, values: unknown[] = []) => database.dataSource.query(text, values);
const due = () => sql('update unknown_message set due_at = now()');
const left = async () => (await sql('select 1 from unknown_message')).length as number;
const statesOf = async (campaign: TestCampaign) =>
  (await messagesOf(database.dataSource, campaign)).map(({ state }) => state);

/** Its first messages were handed over and not answered. */
async function unanswered(messages = 1, all = messages): Promise<TestCampaign> {
  const phones = Array.from({ length: all }, (_, i) => phoneNumber(i));
  const campaign = await aCampaign(database.dataSource, { phones });
  await sql(
    `insert into installation (id, account_id, sequence, state, origins, api_base_url, token_url, access_token, webhook_secret)
     values (gen_random_uuid()::text, $1, 1, 'active', '{}', 'http://localhost', 'http://localhost', '', '')`,
    [campaign.accountId],
  );
  await recorded(campaign, 'unknown', messages);
  return campaign;
}

async function recorded(campaign: TestCampaign, state: 'unknown' | 'sent', messages: number): Promise<void> {
  const outcomes = Array.from({ length: messages }, (_, i) => ({
    ...campaign,
    position: i + 1,
    state,
    attempt: 1,
    inDoubt: state === 'unknown',
    segments: 1,
    reason: state === 'unknown' ? 'no_answer' : null,
    detail: null,
    sentAt: Date.UTC(2026, 10, 24, 10),
    providerId: null,
    channelId: 'channel',
    phone: phoneNumber(i),
  }));
  await record(hot, null, outcomes, []);
}

test.each(['sent', 'delivered', 'read', 'failed'] as const)(
  'a message that its provider knows as %s moves on, with its id',
  async (state) => {
    const campaign = await unanswered(1, 2);
    gateway.known = async () => ({ kind: 'known', providerId: 'wamid.1', state });
    await due();
    expect(await worker.runOnce()).toBe(1);
    expect(
      await sql(
        `select m.state, m.provider_id, m.reason, extract(epoch from m.sent_at)::float8 * 1000 as sent_at,
                (select count(*)::int from provider_message p
                  where p.account_id = m.account_id and p.id_key = lookup_key(m.account_id, m.provider_id)) as mapped
           from message m order by m.position`,
      ),
    ).toMatchObject([
      {
        state,
        provider_id: 'wamid.1',
        reason: state === 'failed' ? 'refused' : null,
        sent_at: Date.UTC(2026, 10, 24, 10),
        mapped: 1,
      },
      { state: 'queued', mapped: 0 },
    ]);
    expect(await left()).toBe(0);
    expect(gateway.looked).toEqual([`${campaign.accountId}:${campaign.campaignId}:1:1`]);
    expect(gateway.got).toEqual([]);
  },
);

test('nobody is asked at once: the request may still be on its way', async () => {
  await unanswered();
  expect(await worker.runOnce()).toBe(0);
  expect(gateway.looked).toEqual([]);
  expect(await sql(`select 1 from unknown_message where due_at > now() + interval '5 s'`)).toHaveLength(1);
});

test('not known there is asked again with growing pauses, and the last time said to who decides', async () => {
  const campaign = await unanswered();
  const pauses: number[] = [];
  for (let look = 0; look < 6; look += 1) {
    await due();
    await worker.runOnce();
    const [row] = await sql(
      'select round(extract(epoch from due_at - now()))::int as pause from unknown_message',
    );
    if (row) pauses.push(Math.ceil(row.pause / 60));
  }
  expect(pauses).toEqual([1, 10, 60]);
  expect(gateway.looked).toHaveLength(4);
  expect(await sql('select state, reason, detail from message')).toEqual([
    { state: 'unknown', reason: 'not_known', detail: null },
  ]);
  expect(await statesOf(campaign)).toEqual(['unknown']);
});

test('a provider that does not say is left alone for a while, with all that is due, and it counts as no look', async () => {
  await unanswered(10);
  gateway.known = async () => ({ kind: 'cannot_tell' });
  await due();
  await worker.runOnce();
  await worker.runOnce();
  expect(gateway.looked).toHaveLength(4);
  expect(await sql('select 1 from unknown_message where due_at > now() and looks = 0')).toHaveLength(10);
  await sql(`update unknown_message set since = now() - interval '25 hours'`);
  await due();
  await worker.runOnce();
  expect(await left()).toBe(6);
});

test('one that does not answer delays nobody else', async () => {
  const silent = await unanswered(10);
  const other = await unanswered(10);
  let answer = () => {};
  const answered = new Promise<void>((done) => (answer = done));
  gateway.known = async ({ accountId }) => {
    if (accountId === silent.accountId) await answered;
    return { kind: 'known', providerId: 'p', state: 'sent' };
  };
  await due();
  const running = worker.runOnce();
  while ((await statesOf(other)).includes('unknown'));
  expect(await statesOf(silent)).toEqual(Array(10).fill('unknown'));
  answer();
  expect(await running).toBe(20);
});

test('what a receipt has settled meanwhile is not asked about', async () => {
  const campaign = await unanswered();
  await sql(`update message set state = 'delivered'`);
  await due();
  await worker.runOnce();
  expect(gateway.looked).toEqual([]);
  expect(await left()).toBe(0);
  expect(await statesOf(campaign)).toEqual(['delivered']);
});

test('a receipt that comes between question and answer is not undone', async () => {
  const campaign = await unanswered();
  gateway.known = async () => {
    await sql(`update message set state = 'read', reason = null`);
    return { kind: 'known', providerId: 'p', state: 'sent' };
  };
  await due();
  await worker.runOnce();
  expect(await statesOf(campaign)).toEqual(['read']);
});

test('where the app is switched off nobody is asked and nothing counts', async () => {
  await unanswered();
  await sql(`update installation set state = 'disabled'`);
  await due();
  await worker.runOnce();
  expect(gateway.looked).toEqual([]);
  expect(await sql('select looks from unknown_message')).toEqual([{ looks: 0 }]);
});

test('only unknown messages are noted, and what a dead process held is among them', async () => {
  const campaign = await aCampaign(database.dataSource);
  await recorded(campaign, 'sent', 1);
  expect(await left()).toBe(0);
  await sql(
    `insert into dispatch_grant (account_id, campaign_id, run, low, high, owner, due_at, send_until, lease_until)
     values ($1, $2, 1, 0, 2, gen_random_uuid(), now(), now() - interval '9 s', now() - interval '1 s')`,
    [campaign.accountId, campaign.campaignId],
  );
  await sql(`update campaign set state = 'completed'`);
  await healGrants(database.dataSource.manager);
  expect(await statesOf(campaign)).toEqual(['sent', 'unknown', 'queued']);
  expect(await sql('select position, looks from unknown_message')).toEqual([{ position: 2, looks: 0 }]);
});
