import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { zoneOffset } from '../../../contract/zoned-time.ts';
import { rowsOf } from './rows.ts';
import { fixedZone, zoneInDatabase } from './zones.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase(2);
});
afterAll(() => database.drop());

test('every zone of this Node is one to PostgreSQL, with the clock it has here', async () => {
  const { manager } = database.dataSource;
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const name = await zoneInDatabase(manager, zone);
    const [row] = await rowsOf<{ now: Date; local: string }>(
      manager,
      `select now(), to_char(now() at time zone $1, 'YYYY-MM-DD"T"HH24:MI') as local`,
      [name],
    );
    const now = row!.now.getTime();
    expect([zone, row!.local]).toEqual([
      zone,
      new Date(now + zoneOffset(now, zone)).toISOString().slice(0, 16),
    ]);
  }
});

test.each([
  [0, '12:00'],
  [3 * 60, '15:00'],
  [-3 * 60, '09:00'],
  [5 * 60 + 45, '17:45'],
  [-9 * 60 - 30, '02:30'],
  [14 * 60, '02:00'],
])('a zone %d minutes ahead without a name', async (minutes, clock) => {
  const [row] = await rowsOf<{ clock: string }>(
    database.dataSource.manager,
    `select to_char(timestamptz '2026-11-25T12:00Z' at time zone $1, 'HH24:MI') as clock`,
    [fixedZone(minutes * 60_000)],
  );
  expect(row!.clock).toBe(clock);
});
