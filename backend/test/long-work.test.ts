import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { PROBLEMS } from '../../contract/problems.ts';
import type { Config } from '../src/config.ts';
import { CONFIG } from '../src/tokens.ts';
import { aCampaign } from './factories.ts';
import { startApp, type Api, type TestApp } from './app.ts';

/** Downloads and uploads whose clients are slow, on two connections of their own. */
let host: TestApp;
let api: Api;
let id: number;
const sockets: Socket[] = [];
let names = 0;

beforeAll(async () => {
  host = await startApp({ DATABASE_LONG_POOL_SIZE: '2', DATABASE_LONG_WAIT_MS: '200' });
  api = host.as('romashka');
});
beforeEach(async () => {
  id = (await api.create(`Большая ${(names += 1)}`)).id;
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Привет' });
  await api.upload(id, 'main', 'Телефон\r\n89120000001\r\n').expect(200);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await streams(0);
});
afterAll(() => host.stop());

/** More than the buffers between two sockets hold, so that its sender has to wait for its reader. */
function growReport(): Promise<unknown> {
  return host.database.dataSource.query(
    `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
     select account_id, campaign_id, list_id, n, '+79120000001', false, array[repeat('x', 400)]
       from contact, generate_series(10, 60000) n where campaign_id = $1 and account_id = 1 and row_no < 10`,
    [id],
  );
}

/** A client that sends a request, or a part of it, and then neither reads nor writes. */
async function stuckClient(method: string, path: string, headers: string[] = [], body = ''): Promise<Socket> {
  const socket = connect(Number(new URL(host.baseUrl).port), '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  const { token } = host.sandbox.tokens.session('romashka', { user: 'admin-1', role: 'admin' });
  const head = [
    `${method} /api${path} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${token}`,
    ...headers,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  return socket;
}

/** Waits until so many statements of files are under way in the database. */
async function streams(count: number): Promise<void> {
  for (;;) {
    const rows = await host.database.dataSource.query(
      `select 1 from pg_stat_activity where datname = current_database() and query like 'copy (%' and state <> 'idle'`,
    );
    if (rows.length === count) return;
  }
}

test('clients that do not read their downloads hold up nobody but each other, and who comes then is told so', async () => {
  await growReport();
  const report = `/campaigns/${id}/report`;
  const stuck = await Promise.all([1, 2].map(() => stuckClient('GET', report)));
  await streams(2);
  await Promise.all(Array.from({ length: 12 }, () => stuckClient('GET', report)));
  for (const [language, sentence] of [
    ['en', PROBLEMS.busy.en],
    ['ru', PROBLEMS.busy.ru],
  ] as const) {
    const answer = await api.call('get', report).set('Accept-Language', language).expect(503);
    expect(answer.body).toMatchObject({ code: 'busy', detail: sentence });
    expect(answer.headers['retry-after']).toBe('5');
    expect(answer.headers['content-disposition']).toBeUndefined();
  }
  // Files wait; campaigns do not.
  const other = await api.create('Другая');
  await api.change(other.id, {
    method: 'sms',
    channelId: 'sms-romashka',
    text: 'Привет',
    ratePerMinute: 300,
  });
  const before = await api.get(id);
  const refused = await api.upload(id, 'main', 'Телефон\r\n89120000002\r\n').expect(503);
  expect(refused.body.code).toBe('busy');
  expect((await api.get(id)).lists).toEqual(before.lists);
  for (const socket of stuck) socket.destroy();
  await streams(0);
  await api.upload(id, 'main', 'Телефон\r\n89120000002\r\n').expect(200);
  const { text } = await api.call('get', report).expect(200);
  expect(text).toContain(`'+79120000002`);
});

test('however many change whole lists at once, campaigns go out and quick requests are answered', async () => {
  const ids: number[] = [];
  for (let n = 0; n < 12; n += 1) {
    const { campaignId } = await aCampaign(host.database.dataSource, { accountId: 1, state: 'paused' });
    ids.push(campaignId);
  }
  const runner = host.database.dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query('select 1 from campaign where account_id = 1 and id = any($1) for update', [ids]);
  const cleared = Promise.all(ids.map((each) => api.control(each, 'clear').then((answer) => answer)));
  await api.change(id, { channelId: 'sms-romashka', ratePerMinute: 300 });
  await host.as('vasilek').create(`Тем временем ${id}`);
  const { campaignId } = await aCampaign(host.database.dataSource, {
    accountId: 1,
    content: { channelId: 'sms-romashka' },
  });
  await api.until(campaignId, ({ state }) => state === 'completed');
  // A quick change of what is being worked on does not wait for ever.
  const { version } = await api.get(ids[0]!);
  const change = { version, settings: { name: 'Переименована' } };
  expect((await api.call('patch', `/campaigns/${ids[0]}`).send(change).expect(503)).body.code).toBe('busy');
  await runner.rollbackTransaction();
  await runner.release();
  const answers = await cleared;
  for (const { status, body } of answers) {
    if (status !== 200) expect(body.code).toBe('busy');
  }
  for (const each of ids)
    if ((await api.get(each)).state === 'paused') await api.control(each, 'clear').expect(200);
});

test('a client that takes nothing more of its download is cut off and its connection comes free', async () => {
  await growReport();
  const config = host.app.get<Config>(CONFIG);
  const patience = config.downloadStallMs;
  const stuck = await stuckClient('GET', `/campaigns/${id}/report`);
  await streams(1);
  stuck.destroy();
  await streams(0);
  config.downloadStallMs = 300;
  await Promise.all([1, 2].map(() => stuckClient('GET', `/campaigns/${id}/report`)));
  await streams(2);
  await streams(0);
  config.downloadStallMs = patience;
  // The pool has not kept what was cut.
  for (let time = 0; time < 4; time += 1) await api.call('get', `/campaigns/${id}/report`).expect(200);
});

test('an upload that stops in the middle is answered, and holds no connection of the database meanwhile', async () => {
  const config = host.app.get<Config>(CONFIG);
  const patience = config.uploadStallMs;
  const before = await api.get(id);
  const path = `/campaigns/${id}/lists/main?fileName=x.csv`;
  const begun = ['Content-Type: text/csv', 'Content-Length: 1000'];
  await Promise.all(
    Array.from({ length: 12 }, () => stuckClient('PUT', path, begun, 'Телефон\r\n89120000003\r\n')),
  );
  await api.upload(id, 'main', 'Телефон\r\n89120000001\r\n', before.lists[0]!.fileName).expect(200);
  config.uploadStallMs = 300;
  const socket = await stuckClient('PUT', path, begun, 'Телефон\r\n89120000003\r\n');
  let answer = '';
  socket.on('data', (chunk) => (answer += String(chunk)));
  socket.resume();
  await once(socket, 'end');
  config.uploadStallMs = patience;
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(answer).toContain('"code":"upload_aborted"');
  expect((await api.get(id)).progress.account).toMatchObject({ rows: 1, queued: 1 });
});
