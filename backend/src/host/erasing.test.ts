import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { ERASING } from './erasing.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

/** What tells nobody's number or name; a new table has to be put here or into `ERASING`. */
const STAYS = [
  'campaign_event',
  'campaign_settings',
  'channel_limit',
  'chatwoot_connection',
  'event_feed',
  'erasure',
  'installation',
  'queue_part',
  'run',
  'run_list',
];

test('every table of an account is erased, or is known to hold nothing personal', async () => {
  const tables: { name: string }[] = await database.dataSource.query(
    `select table_name::text as name from information_schema.columns
      where table_schema = 'public' and column_name = 'account_id' order by 1`,
  );
  expect(tables.map(({ name }) => name)).toEqual([...ERASING.map(({ kind }) => kind), ...STAYS].sort());
});
