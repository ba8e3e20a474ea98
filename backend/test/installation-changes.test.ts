import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import request from 'supertest';
import { startApp, type TestApp } from './app.ts';

/** What a host changes of an installation that stays: its secrets, its account, its addresses. */
let host: TestApp;
beforeAll(async () => {
  host = await startApp();
});
afterAll(() => host.stop());

const sql = <Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
  host.database.dataSource.query(text, values);
const stateOf = (tenant: string) => host.sandbox.identity.tenant(tenant);
const mint = (tenant: string) =>
  host.sandbox.tokens.session(tenant, { user: 'admin-1', role: 'admin' }).token;
const session = (token: string) =>
  request(host.baseUrl).get('/api/session').set('Authorization', `Bearer ${token}`);

/** As the host would send it, signed by one of its secrets. */
function webhook(tenant: string, secret: string) {
  const { id } = stateOf(tenant).installation!;
  const body = JSON.stringify({ type: 'template.updated', data: { id: 'x', channel_id: 'y', status: 'z' } });
  const message = `msg_${randomUUID()}`;
  const now = new Date();
  return request(host.baseUrl)
    .post(`/api/webhooks/host/${id}`)
    .set({
      'Content-Type': 'application/json',
      'webhook-id': message,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(message, now, body),
    })
    .send(body);
}

/** A lifecycle call of one's own making, rightly signed. */
function lifecycle(tenant: string, name: string, event: object) {
  const body = Buffer.from(JSON.stringify(event));
  const { id } = stateOf(tenant).installation!;
  const token = host.sandbox.tokens.lifecycle({ tenant, iid: id, audience: host.baseUrl, body });
  return request(host.baseUrl)
    .post(`/api/host/${name}`)
    .set({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' })
    .send(body.toString());
}

test('new secrets: the old ones are taken for a day, and nothing that runs notices', async () => {
  const api = host.as('romashka');
  const { id } = await api.create('Смена секретов');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka-number', text: 'Здравствуйте!' });
  await api.upload(id, 'main', 'Телефон\r\n89120000001\r\n89120000002\r\n89120000003\r\n').expect(200);
  await api.control(id, 'start').expect(200);

  const [before, token] = [stateOf('romashka').installation!, mint('romashka')];
  await host.sandbox.installs.rotate('romashka');
  const after = stateOf('romashka').installation!;
  expect(after.id).toBe(before.id);
  expect(after.sessionKey).not.toBe(before.sessionKey);

  const fresh = mint('romashka');
  for (const each of [token, fresh]) await session(each).expect(200);
  for (const { webhookSecret } of [before, after]) await webhook('romashka', webhookSecret).expect(202);
  await api.until(id, ({ state, progress }) => state === 'completed' && progress.account.delivered === 3);

  await sql(`update installation set previous_until = now() where id = $1`, [after.id]);
  expect((await session(token).expect(401)).body.code).toBe('token_invalid');
  await session(fresh).expect(200);
  await webhook('romashka', before.webhookSecret).expect(401);
  await webhook('romashka', after.webhookSecret).expect(202);
});

test('of a change of secrets that is late, repeated or without a good code nothing is taken', async () => {
  const { installation, sequence } = stateOf('romashka');
  const secrets = () =>
    sql('select access_token, sequence from installation where id = $1', [installation!.id]);
  const before = await secrets();
  const event = { installation_id: installation!.id, install_code: 'made-up' };
  await lifecycle('romashka', 'secret-rotated', { ...event, sequence }).expect(204);
  await lifecycle('romashka', 'secret-rotated', { ...event, sequence: sequence + 1 }).expect(502);
  expect(await secrets()).toEqual(before);
  await session(mint('romashka')).expect(200);
});

test('the account and the pages that may embed us follow the host’s word, the latest one', async () => {
  const page = async () => {
    const query = `host=${encodeURIComponent(host.sandbox.url)}&tenant=vasilek`;
    const { headers } = await request(host.baseUrl).get(`/widget/?${query}`);
    return headers['content-security-policy'];
  };
  const { installation, sequence } = stateOf('vasilek');
  await host.sandbox.installs.update('vasilek', {
    name: 'Vasilek & Sons',
    timezone: 'Asia/Omsk',
    origins: ['https://crm.example', host.sandbox.url],
  });
  expect((await session(mint('vasilek')).expect(200)).body.account).toEqual({
    name: 'Vasilek & Sons',
    timeZone: 'Asia/Omsk',
  });
  expect(await page()).toContain(`frame-ancestors https://crm.example ${host.sandbox.url};`);

  const late = {
    installation_id: installation!.id,
    sequence,
    tenant: { id: 'vasilek', name: 'Late', locale: 'en', timezone: 'UTC', origins: ['https://late.example'] },
    host_api: { base_url: host.sandbox.url, token_url: `${host.sandbox.url}/oauth/token` },
  };
  await lifecycle('vasilek', 'updated', late).expect(204);
  expect((await session(mint('vasilek'))).body.account.name).toBe('Vasilek & Sons');
  const wrong = { ...late, sequence: sequence + 9 };
  await lifecycle('vasilek', 'updated', { ...wrong, tenant: { ...late.tenant, id: 'romashka' } }).expect(401);
  await lifecycle('vasilek', 'updated', {
    ...wrong,
    tenant: { ...late.tenant, origins: ['https://*.example/'] },
  }).expect(400);
  expect(await page()).not.toContain('late.example');
});

test('an app that was removed keeps no secret, old or new', async () => {
  await host.sandbox.installs.rotate('vasilek');
  const { id } = stateOf('vasilek').installation!;
  await host.sandbox.installs.uninstall('vasilek');
  expect(
    await sql(
      `select access_token, webhook_secret, session_key, previous_webhook_secret, previous_session_key, previous_until
         from installation where id = $1`,
      [id],
    ),
  ).toEqual([
    {
      access_token: null,
      webhook_secret: null,
      session_key: null,
      previous_webhook_secret: null,
      previous_session_key: null,
      previous_until: null,
    },
  ]);
});
