import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';

let folder: string;
let server: EmbeddedPostgres | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mass-messaging-pg-'));
  chmodSync(folder, 0o755);
});
afterEach(async () => {
  await server?.stop();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

async function start(): Promise<pg.Client> {
  server = await startEmbeddedPostgres(folder, ['fsync=off']);
  const client = new pg.Client(server.url);
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

test('one left behind with open connections is taken over with its data', async () => {
  const left = await start();
  await left.query('create table kept (n int); insert into kept values (1)');
  // As after kill -9: it runs on, somebody is connected in the middle of a transaction, and nobody stops it.
  await left.query('begin; insert into kept values (2)');
  const client = await start();
  expect((await client.query('select n from kept')).rows).toEqual([{ n: 1 }]);
  await client.end();
});

test('a process that merely has the number of the one left behind is left alone', async () => {
  await (await start()).end();
  await server!.stop();
  // Named as a PostgreSQL, but of another folder.
  const other = spawn('sleep', ['60'], { argv0: 'postgres', stdio: 'ignore' });
  try {
    await once(other, 'spawn');
    writeFileSync(join(folder, 'data', 'postmaster.pid'), `${other.pid}\n${join(folder, 'data')}\n`);
    await (await start()).end();
    expect(other.exitCode ?? other.signalCode).toBeNull();
  } finally {
    other.kill('SIGKILL');
  }
});

test('a server that was killed does not keep the stop waiting', async () => {
  const client = await start();
  const { rows } = await client.query(`select pg_read_file('postmaster.pid') as file`);
  process.kill(Number(rows[0].file.split('\n')[0]), 'SIGKILL');
  await new Promise((done) => client.once('end', done));
  await server!.stop();
});
