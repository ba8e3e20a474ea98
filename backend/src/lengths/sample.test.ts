import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, phoneNumber, type TestCampaign } from '../../test/factories.ts';
import { loadedLists } from '../lists/list-rows.ts';
import { smsPlan } from './message-plan.ts';
import { estimate } from './sample.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

/** The list's only column is the phone: `long` of them are as long as two SMS. */
async function aList(rows: number, long: (row: number) => boolean): Promise<TestCampaign> {
  const phones = Array.from({ length: rows }, (_, i) => phoneNumber(i));
  const campaign = await aCampaign(database.dataSource, { state: 'draft', phones });
  const key = [campaign.accountId, campaign.campaignId];
  const longRows = phones.flatMap((_, i) => (long(i + 2) ? [i + 2] : []));
  await database.dataSource.query(
    `update list set rows = contacts where account_id = $1 and campaign_id = $2`,
    key,
  );
  await database.dataSource.query(
    `update contact set cells = array[repeat('a', 200)] where account_id = $1 and campaign_id = $2 and row_no = any($3)`,
    [...key, longRows],
  );
  return campaign;
}

async function estimated({ accountId, campaignId }: TestCampaign) {
  const { manager } = database.dataSource;
  const lists = await loadedLists(manager, accountId, campaignId);
  const stopped = { phones: 0, last: null };
  return estimate(
    manager,
    { accountId, campaignId, lists, removeDuplicates: true, stopped },
    smsPlan('{{Phone}}'),
  );
}

test('a file of few rows is looked at whole', async () => {
  const few = await aList(7, (row) => row % 2 === 0);
  expect(await estimated(few)).toMatchObject({ exact: false, rows: 7, segments: { 1: 3, 2: 4 } });
});

test('of many rows as many are expected as a sample spread over the whole file says', async () => {
  // The last quarter of the file: a sample of its beginning would see none of it.
  const many = await aList(8000, (row) => row > 6001);
  const { exact, rows, segments } = await estimated(many);
  expect([exact, rows]).toEqual([false, 8000]);
  expect(segments['2']).toBeGreaterThan(1900);
  expect(segments['2']).toBeLessThan(2100);
});

test('without a row there is nothing to expect', async () => {
  expect(await estimated(await aList(0, () => false))).toMatchObject({ rows: 0, segments: {}, tooLong: 0 });
});
