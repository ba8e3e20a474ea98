import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MESSAGE_STATES } from '../../contract/message-states.ts';
import { CAMPAIGN_STATES } from '../../contract/campaign-states.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

test('the migrations leave nothing for the entities to change', async () => {
  const { upQueries } = await database.dataSource.driver.createSchemaBuilder().log();
  expect(upQueries.map(({ query }) => query)).toEqual([]);
});

test('the enums of the database are the states of the contract, in the same order', async () => {
  const rows: { typname: string; labels: string[] }[] = await database.dataSource.query(
    `select t.typname, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
       from pg_type t join pg_enum e on e.enumtypid = t.oid group by 1`,
  );
  const enums = Object.fromEntries(rows.map(({ typname, labels }) => [typname, labels]));
  expect(enums).toEqual({ message_state: [...MESSAGE_STATES], campaign_state: [...CAMPAIGN_STATES] });
});

test('every table of an account is keyed by the account first', async () => {
  const rows: { table_name: string; first: string }[] = await database.dataSource.query(
    `select c.relname as table_name, a.attname as first
       from pg_index i
       join pg_class c on c.oid = i.indrelid
       join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
       join pg_attribute a on a.attrelid = c.oid and a.attnum = i.indkey[0]
      where i.indisprimary and c.relname not in ('account', 'migration', 'dispatch_process', 'number_range')`,
  );
  expect(rows.filter(({ first }) => first !== 'account_id')).toEqual([]);
  expect(rows.length).toBeGreaterThan(8);
});
