import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { reseal, SEALED } from './reseal.ts';
import { open, seal, type SecretsKeys } from './secrets.ts';

const OLD = randomBytes(32);
const NEW = randomBytes(32);

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

const ask = <Row>(sql: string, parameters: unknown[] = []): Promise<Row[]> =>
  database.dataSource.query(sql, parameters);

async function install(id: string, key: Buffer): Promise<void> {
  const keys: SecretsKeys = [key];
  await ask(
    `with a as (
       insert into account (host, external_id, name, time_zone) values ('h', $1, 'n', 'UTC') returning id)
     insert into installation (account_id, id, sequence, state, origins, api_base_url, token_url, access_token,
                               webhook_secret, previous_webhook_secret)
     select a.id, $1, 1, 'active', '{}', 'https://h', 'https://h/t', $2, $3, $4 from a`,
    [id, seal('token', keys, id), seal('whsec', keys, id), seal('before', keys, id)],
  );
}

test('every secret is put under the new key, once; what no key opens is named and left', async () => {
  await install('one', OLD);
  await install('two', NEW);
  await install('lost', randomBytes(32));

  const first = await reseal(database.dataSource, [NEW, OLD]);
  expect(first).toMatchObject({ resealed: 3, left: 3 });
  expect(first.lost).toHaveLength(3);
  expect(first.lost).toContainEqual({ table: 'installation', owner: 'lost', column: 'webhook_secret' });

  const rows = await ask<{ id: string; secrets: Buffer[] }>(
    `select id, array[access_token, webhook_secret, previous_webhook_secret] as secrets
       from installation where id <> 'lost'`,
  );
  for (const { id, secrets } of rows) {
    expect(secrets.map((sealed) => open(sealed, [NEW], id))).toEqual(['token', 'whsec', 'before']);
  }
  expect(await reseal(database.dataSource, [NEW])).toMatchObject({ resealed: 0, left: 6 });
});

test('knows every column that may hold a secret', async () => {
  const binary = await ask<{ at: string }>(
    `select table_name || '.' || column_name as at from information_schema.columns
      where table_schema = 'public' and data_type = 'bytea'`,
  );
  const known = SEALED.flatMap(({ table, columns }) => columns.map((column) => `${table}.${column}`));
  expect(binary.map(({ at }) => at).sort()).toEqual(
    [...known, 'installation.call_token_hash', 'list_file.bytes'].sort(),
  );
});
