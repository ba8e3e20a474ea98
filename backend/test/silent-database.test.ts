import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { createDataSource } from '../src/database/data-source.ts';
import { isDatabaseGone } from '../src/error.filter.ts';
import { CopyIn } from '../src/lists/copy-in.ts';
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

const throughTheWire = () => {
  const url = new URL(database.url);
  url.port = String(wire.port);
  return url.href;
};
const impatient = () => createDataSource(throughTheWire(), 1, 1000, 300).initialize();

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

test.each(['before it', 'in the middle of it'])('a COPY whose connection breaks %s fails', async (when) => {
  const client = new pg.Client(throughTheWire());
  client.on('error', () => undefined);
  await client.connect();
  const ended = new Promise((done) => client.once('end', done));
  const begin = () => new CopyIn(client as unknown as pg.PoolClient, 'copy contact from stdin');
  let copy = when === 'before it' ? null : begin();
  // Its first chunk is taken only when the server is ready for it.
  await copy?.write(Buffer.from('1'));
  wire.cut();
  await ended;
  wire.mend();
  copy ??= begin();
  await expect(copy.write(Buffer.alloc(1_000_000))).rejects.toThrow();
  await copy.fail(new Error('given up'));
  await expect(copy.end()).rejects.toThrow();
});

test('whoever asks on a connection that is gone hears that the database does not answer, and not of a fault of ours', async () => {
  const client = new pg.Client(throughTheWire());
  client.on('error', () => undefined);
  await client.connect();
  const ended = new Promise((done) => client.once('end', done));
  const lost = client.query('select pg_sleep(10)').catch((error: Error) => error.message);
  wire.cut();
  await ended;
  wire.mend();
  const tooLate = client.query('select 1').catch((error: Error) => error.message);
  for (const message of [await lost, await tooLate]) {
    expect({ message, gone: isDatabaseGone('', String(message)) }).toEqual({ message, gone: true });
  }
});
