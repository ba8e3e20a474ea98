import { afterAll, beforeAll, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { CampaignPageSchema, LATELY, PAGE_SIZE, type CampaignPage } from '../../contract/campaign.ts';
import { aCampaign, phoneNumber } from './factories.ts';
import { startApp, type Api, type TestApp } from './app.ts';

/** The list of campaigns: pages, search, states. */
const COUNT = 2 * PAGE_SIZE + 1;
let host: TestApp;
let api: Api;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
  const { id } = await api.create('Первая');
  // As many more at one stroke, several of them changed in the same instant.
  await host.database.dataSource.query(
    `with more as (
       insert into campaign (account_id, id, rate, state, run, pause_reason)
       select 1, $1 + n, 60, (case when n <= 3 then 'paused' else 'draft' end)::campaign_state, 1,
              case when n <= 3 then 'user' end
         from generate_series(1, $2::int) n)
     insert into campaign_settings (account_id, campaign_id, name, name_key, method, created_by, updated_at)
     select 1, $1 + n, 'Рассылка ' || n || ' 100%_\\', 'рассылка ' || n || ' 100%_\\', 'sms', 'test',
            now() - (1 + n / 7) * interval '1 h'
       from generate_series(1, $2::int) n`,
    [id, COUNT - 1],
  );
});
afterAll(() => host.stop());

async function page(query: Record<string, string> = {}): Promise<CampaignPage> {
  const { body } = await api.call('get', `/campaigns?${new URLSearchParams(query)}`).expect(200);
  return v.parse(CampaignPageSchema, body);
}

async function all(query: Record<string, string> = {}): Promise<string[]> {
  const names: string[] = [];
  for (let next: string | null = ''; next !== null;) {
    const answer: CampaignPage = await page(next === '' ? query : { ...query, after: next });
    names.push(...answer.data.map(({ name }) => name));
    next = answer.next;
  }
  return names;
}

test('page by page every campaign comes once: those under way, then the others, the last changed first', async () => {
  const first = await page();
  expect([first.data.length, first.counts.paused, first.counts.draft]).toEqual([PAGE_SIZE, 3, COUNT - 3]);
  const names = await all();
  expect([names.length, new Set(names).size, names[3]]).toEqual([COUNT, COUNT, 'Первая']);
  expect(first.data.map(({ state }) => state).indexOf('draft')).toBe(3);
});

test('one that moves to the top meanwhile takes no other out of its page', async () => {
  const first = await page();
  const { data } = await page({ after: first.next! });
  const last = data.at(-1)!;
  await api.change(last.id, { name: `${last.name}, другая` });
  const again = await page({ after: first.next! });
  expect(again.data.slice(0, PAGE_SIZE - 1)).toEqual(data.slice(0, -1));
  expect((await page()).data[3]!.id).toBe(last.id);
});

test('names are searched in any case, and signs of the search are signs of the name', async () => {
  expect(await all({ search: 'ПЕРВАЯ' })).toEqual(['Первая']);
  expect((await all({ search: 'Рассылка 7 100%_' })).length).toBe(1);
  expect(await all({ search: '100%%' })).toEqual([]);
  expect((await all({ search: '_\\' })).length).toBe(COUNT - 1);
  expect((await page({ search: 'первая' })).counts).toMatchObject({ draft: 1, paused: 0 });
});

test('of one under way it is said how many of the last messages failed, whatever came before them', async () => {
  const { dataSource } = host.database;
  const [{ id: accountId }] = await dataSource.query(`select id from account where external_id = 'vasilek'`);
  const phones = Array.from({ length: 2 * LATELY }, (_, n) => phoneNumber(n));
  const { campaignId } = await aCampaign(dataSource, { accountId, phones, state: 'paused' });
  const cursor = phones.length - 20;
  await dataSource.query(
    `update message
        set state = (case when position > $3 - 10 then 'unknown' when position > $3 - 40 then 'failed'
                          when position > $3 - ${LATELY} then 'delivered' else 'failed' end)::message_state
      where account_id = $1 and campaign_id = $2 and position <= $3`,
    [accountId, campaignId, cursor],
  );
  await dataSource.query('update campaign set cursor = $3 where account_id = $1 and id = $2', [
    accountId,
    campaignId,
    cursor,
  ]);
  const { body } = await host.as('vasilek').call('get', '/campaigns').expect(200);
  expect((body as CampaignPage).data[0]).toMatchObject({
    id: campaignId,
    lately: { messages: LATELY, failed: 30 },
  });
});

test('a state is asked for; the counts stay those of all', async () => {
  const paused = await page({ state: 'paused' });
  expect(paused.data.map(({ state }) => state)).toEqual(['paused', 'paused', 'paused']);
  expect([paused.next, paused.counts.draft]).toEqual([null, COUNT - 3]);
});

test.each([
  { state: 'gone' },
  { after: 'x' },
  { after: '1_1' },
  { after: '1_1_1; drop' },
  { search: 'я'.repeat(101) },
])('%p is refused', async (query) => {
  const { status } = await api.call('get', `/campaigns?${new URLSearchParams(query as never)}`);
  expect([400, 422]).toContain(status);
});
