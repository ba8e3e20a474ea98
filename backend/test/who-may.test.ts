import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { roleMay, ROLES, type Role } from '../../contract/session.ts';
import { OPERATIONS, type Operation } from '../src/openapi/operations.ts';
import { startApp, type TestApp } from './app.ts';

/** Every operation of the API, called by everybody: who may not, learns nothing and changes nothing. */
const NAME = 'Осенняя распродажа для Аристарха';
const PHONE = '9126543210';

let host: TestApp;
let id: number;
let version: number;

beforeAll(async () => {
  host = await startApp();
  const api = host.as('romashka');
  ({ id } = await api.create(NAME));
  ({ version } = await api.change(id, {
    method: 'sms',
    channelId: 'sms-romashka-number',
    text: `${NAME} {{Имя}}`,
  }));
  await api.upload(id, 'main', `Телефон;Имя\r\n8${PHONE};Аристарх\r\nнет;Агафья\r\n`).expect(200);
  await api.call('post', '/stop-list').send({ phone: '+79120000009' }).expect(204);
});
afterAll(() => host.stop());

const GUARDED = OPERATIONS.filter(({ security }) => security === 'session').map(
  (operation) => [`${operation.method} ${operation.path}`, operation] as const,
);
const OF_A_CAMPAIGN = GUARDED.filter(([, { path }]) => path.includes('{id}'));

/** A call that would do what it says, were it allowed. */
const BODIES: Record<string, () => object> = {
  'post /api/campaigns': () => ({ name: 'Чужая' }),
  'patch /api/campaigns/{id}': () => ({ version, settings: { text: 'Чужой текст' } }),
  'post /api/campaigns/{id}/test-message': () => ({ phone: '+79120000001' }),
  'post /api/campaigns/{id}/lengths': () => ({ text: '{{Имя}}' }),
  'post /api/stop-list': () => ({ phone: '+79120000008' }),
};

function call({ method, path, body }: Operation, token: string | null, campaign = id): request.Test {
  const url = path
    .replace('{id}', String(campaign))
    .replace('{slot}', 'main')
    .replace('{channelId}', 'wa-romashka-sales')
    .replace('{control}', 'start');
  const sent = request(host.baseUrl)[method](url);
  if (token !== null) sent.set('Authorization', `Bearer ${token}`);
  if (body === 'file') return sent.set('Content-Type', 'text/csv').send('Телефон\r\n89120000007\r\n');
  return method === 'get' ? sent : sent.send(BODIES[`${method} ${path}`]?.() ?? {});
}

const tokenOf = (tenant: string, role: Role) =>
  host.sandbox.tokens.session(tenant, { user: `${role}-1`, role }).token;

/** Of everything that belongs to the account, in every table but the one that the host's feed moves on by itself. */
async function fingerprint(): Promise<unknown> {
  const { dataSource } = host.database;
  const tables: { name: string }[] = await dataSource.query(
    `select table_name as name from information_schema.columns
      where table_schema = 'public' and column_name = 'account_id' and table_name <> 'event_feed'`,
  );
  const rows = await Promise.all(
    tables.map(({ name }) =>
      dataSource.query(
        `select '${name}' as table, count(*)::int, md5(string_agg(t::text, ' ' order by t::text)) from ${name} t where account_id = 1`,
      ),
    ),
  );
  return rows.flat().sort((a, b) => String(a.table).localeCompare(b.table));
}

async function changesNothing(refused: () => Promise<request.Response>): Promise<request.Response> {
  const before = await fingerprint();
  const answer = await refused();
  expect(await fingerprint()).toEqual(before);
  const told = answer.text ?? '';
  for (const secret of ['Аристарх', 'Агафья', PHONE]) expect(told).not.toContain(secret);
  return answer;
}

describe('without a token', () => {
  test.each(GUARDED)('%s', async (_name, operation) => {
    const { status, body } = await changesNothing(() => call(operation, null));
    expect([status, body.code]).toEqual([401, 'token_missing']);
  });
});

describe.each(ROLES)('%s', (role) => {
  const [may, mayNot] = [true, false].map((allowed) =>
    GUARDED.filter(([, { needs = 'view' }]) => roleMay(role, needs) === allowed),
  ) as [typeof GUARDED, typeof GUARDED];

  // Of a campaign that is not there, so that nothing happens to the one that is.
  test.each(may)('may %s', async (_name, operation) => {
    const { status } = await call(operation, tokenOf('romashka', role), 999_999);
    const isStart = operation.path.endsWith('/controls/{control}');
    if (isStart && role === 'operator') expect(status).toBe(403);
    else expect([401, 403]).not.toContain(status);
  });

  if (mayNot.length > 0)
    test.each(mayNot)('may not %s', async (_name, operation) => {
      const { status, body } = await changesNothing(() => call(operation, tokenOf('romashka', role)));
      expect([status, body.code]).toEqual([403, 'role_insufficient']);
    });
});

describe('another account', () => {
  test.each(OF_A_CAMPAIGN)('finds no such campaign: %s', async (_name, operation) => {
    const { status } = await changesNothing(() => call(operation, tokenOf('vasilek', 'admin')));
    expect(status).toBe(404);
  });

  test('finds neither the list of campaigns, nor the stop list, nor the channels', async () => {
    const stranger = host.as('vasilek');
    for (const path of ['/campaigns', '/stop-list']) {
      expect((await stranger.call('get', path).expect(200)).body.data).toEqual([]);
    }
    expect((await stranger.call('get', '/channels').expect(200)).text).not.toContain('romashka');
    await stranger.call('get', '/channels/wa-romashka-sales/templates').expect(422);
  });
});

describe('while the app is switched off', () => {
  beforeAll(() => host.sandbox.installs.disable('romashka'));
  afterAll(() => host.sandbox.installs.enable('romashka'));

  test.each(GUARDED)('%s', async (_name, operation) => {
    const { status, body } = await changesNothing(() => call(operation, tokenOf('romashka', 'admin')));
    expect([status, body.code]).toEqual([403, 'installation_inactive']);
  });
});
