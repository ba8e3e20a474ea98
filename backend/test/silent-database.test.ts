import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDataSource } from '../src/database/data-source.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';
import { TcpProxy } from './faults/tcp-proxy.ts';

let database: TestDatabase;
let wire: TcpProxy;
beforeAll(async () => {
  database = await cloneDatabase(1);
  wire = await TcpProxy.to(() => [Number(new URL(database.url).port)]);
});
afterAll(async () => {
  await wire.close();
  await database.drop();
});

const impatient = () => {
  const url = new URL(database.url);
  url.port = String(wire.port);
  return createDataSource(url.href, 1, 1000, 300).initialize();
};

test('a connection that died without a word is broken off, and the next question goes out on a new one', async () => {
  const dataSource = await impatient();
  try {
    await dataSource.query('select 1');
    wire.swallow();
    await expect(dataSource.query('select 2')).rejects.toThrow(/not said a word/);
    wire.mend();
    expect(await dataSource.query('select 3 as three')).toEqual([{ three: 3 }]);
  } finally {
    await dataSource.destroy();
  }
});

test('what such a connection has locked is free again soon', async () => {
  const dataSource = await impatient();
  try {
    const lost = dataSource.transaction(async (manager) => {
      await manager.query('lock table campaign');
      wire.swallow();
      await manager.query('select 1');
    });
    await expect(lost).rejects.toThrow();
    // Waits for the lock until it has it, or until the test's own time is up.
    await database.dataSource.transaction((manager) => manager.query('lock table campaign'));
  } finally {
    wire.mend();
    await dataSource.destroy();
  }
});
