import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import pg from 'pg';
import { PROJECT_ROOT } from '../project-root.ts';
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

/** As in a process of its own: says the address of the server it started, and keeps it until it is killed. */
const STARTER = `
  import { startEmbeddedPostgres } from ${JSON.stringify(join(PROJECT_ROOT, 'dist/backend/src/database/embedded-postgres.js'))};
  const { url } = await startEmbeddedPostgres(process.argv[1], ['fsync=off']);
  process.stdout.write(url);
  setInterval(() => undefined, 1000);`;

async function startElsewhere(): Promise<{ url: string; starter: ChildProcess }> {
  const starter = spawn(process.execPath, ['--input-type=module', '-e', STARTER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [url] = await once(starter.stdout!, 'data');
  return { url: String(url), starter };
}

test('one left behind with open connections is taken over with its data', async () => {
  const { url, starter } = await startElsewhere();
  starter.kill('SIGKILL');
  await once(starter, 'close');
  const left = new pg.Client(url);
  left.on('error', () => undefined);
  await left.connect();
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

/** @returns once the client has noticed that the server is gone */
async function killServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query(`select pg_read_file('postmaster.pid') as file`);
  const ended = new Promise((done) => client.once('end', done));
  process.kill(Number(rows[0].file.split('\n')[0]), 'SIGKILL');
  await ended;
}

test('a server that was killed is started again under its address, with what was committed', async () => {
  const client = await start();
  await client.query('create table kept (n int); insert into kept values (1)');
  for (let time = 1; time <= 2; time += 1) {
    const held = new pg.Client(server!.url);
    held.on('error', () => undefined);
    await held.connect();
    await killServer(held);
    const again = await connected(server!.url);
    expect((await again.query('select n from kept')).rows).toEqual([{ n: 1 }]);
    await again.end();
  }
});

/** Asks until the server answers; the test's own limit ends the wait. */
async function connected(url: string): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch {
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
}

test('a server that was killed does not keep the stop waiting, and is not started again after it', async () => {
  await killServer(await start());
  const { url } = server!;
  await server!.stop();
  await expect(new pg.Client(url).connect()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
