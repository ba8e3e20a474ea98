import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';
import { createApp } from '../src/app.ts';
import { readConfig } from '../src/config.ts';
import { openDatabase, type Database } from '../src/database/open-database.ts';
import { rowsOf } from '../src/database/rows.ts';

/** The backend over the PostgreSQL it starts by itself. */
let folder: string;
let database: Database;
let app: NestExpressApplication;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mass-messaging-lost-'));
  chmodSync(folder, 0o755);
  const config = readConfig({ DATA_DIR: folder });
  database = await openDatabase(config);
  app = await createApp(config, database.dataSource);
  await app.listen(0, '127.0.0.1');
});
afterAll(async () => {
  await app?.close();
  await database?.close();
  rmSync(folder, { recursive: true, force: true });
});

const health = () => request(app.getHttpServer()).get('/health');

async function killPostgres(): Promise<void> {
  const [row] = await rowsOf<{ file: string }>(
    database.dataSource.manager,
    `select pg_read_file('postmaster.pid') as file`,
  );
  process.kill(Number(row!.file.split('\n')[0]), 'SIGKILL');
}

/** Every answer is an event to look at; the test's own limit ends the wait. */
async function answered(status: number): Promise<request.Response> {
  for (;;) {
    const answer = await health();
    if (answer.status === status) return answer;
    expect([200, 503]).toContain(answer.status);
    await new Promise((resume) => setTimeout(resume, 50));
  }
}

test('after its PostgreSQL was killed the API says so, and answers again by itself', async () => {
  await answered(200);
  await killPostgres();
  expect((await answered(503)).body).toMatchObject({ code: 'unavailable' });
  await answered(200);
});
