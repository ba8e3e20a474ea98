import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { ConfigError } from '../../src/config.ts';
import { PresetApp } from '../preset-app.ts';
import { ACCOUNT, base64url, claims, SECRET, token, TOKENS } from './fixtures.ts';

const INTEGRATION = claims(0).client_uuid;
const PAGE = 'https://devteam.kommo.com';
const now = () => Math.floor(Date.now() / 1000);

let preset: PresetApp;
let kommo: Server;
let local: string;
/** What the stand-in was asked, and what it says. */
let asked: { path: string; authorization: string | undefined; body: string }[] = [];
let says: Record<string, unknown> = {};

const record = (changes: Record<string, unknown> = {}) => ({
  preset: 'kommo',
  issuer: 'https://kommo.com',
  name: 'Kommo',
  integrationId: INTEGRATION,
  ...changes,
});

beforeAll(async () => {
  kommo = createServer((incoming, answer) => {
    void (async () => {
      let body = '';
      for await (const piece of incoming) body += String(piece);
      const path = incoming.url!;
      asked.push({ path, authorization: incoming.headers.authorization, body });
      const known = says[path.split('?')[0]!];
      answer.writeHead(known ? 200 : 404).end(JSON.stringify(known ?? {}));
    })();
  }).listen(0, '127.0.0.1');
  await once(kommo, 'listening');
  local = `localhost:${(kommo.address() as AddressInfo).port}`;
  preset = await PresetApp.start([record(), record({ issuer: `http://${local}` })], { KOMMO_SECRET: SECRET });
  await installed(ACCOUNT.id, PAGE);
  await installed(ACCOUNT.id + 1, 'https://other.kommo.com');
});
afterAll(async () => {
  await preset.stop();
  kommo.close();
});
beforeEach(() => {
  asked = [];
  says = {
    '/oauth2/access_token': TOKENS,
    '/api/v4/account': { ...ACCOUNT, subdomain: 'localhost' },
  };
});

/** An account that Kommo has let us into, as `installed` leaves it. */
async function installed(id: number, origin: string): Promise<void> {
  await preset.database.dataSource.query(
    `with account as (insert into account (host, external_id, name, time_zone)
                      values ('https://kommo.com', $1, 'Developers Team', 'UTC') returning id)
     insert into installation (account_id, id, sequence, state, origins, api_base_url, token_url, access_token, webhook_secret)
     select id, gen_random_uuid()::text, 1, 'active', array[$2], $2, $2, '', '' from account`,
    [String(id), origin],
  );
}

const session = (value: string) =>
  request(preset.baseUrl).get('/api/session').set('Authorization', `Bearer ${value}`);
const handed = (value: string, origin = PAGE) =>
  request(preset.baseUrl).get('/api/host/kommo/token').set('X-Auth-Token', value).set('Origin', origin);

describe('a one-time token', () => {
  test.each([
    ['of an administrator', true, 'admin'],
    ['of another user', false, 'operator'],
  ])('%s is its session', async (_name, is_admin, role) => {
    const { body } = await session(token({ is_admin })).expect(200);
    expect(body).toEqual({
      account: { name: 'Developers Team', timeZone: 'UTC' },
      user: { id: '8375357', role },
      recipientZones: false,
    });
    const later = { iat: now() - 1790, nbf: now() - 1790, exp: now() + 10, aud: ['http://localhost'] };
    await session(token(later)).expect(200);
  });

  test.each<[string, () => string]>([
    ['none', () => token({}, { alg: 'none' })],
    ['HS512, as bots have it', () => token({}, { alg: 'HS512' })],
    [
      'HS512 that is called HS256',
      () => token({}, { alg: 'HS512' }).replace(/^[^.]+/, base64url({ typ: 'JWT', alg: 'HS256' })),
    ],
    ['another secret', () => token({}, {}, SECRET.toLowerCase())],
    ['no secret', () => token({}, {}, '')],
    ['another kind of token', () => token({}, { typ: 'host-session+jwt' })],
    ['a header field', () => token({}, { jku: 'https://devteam.kommo.com/keys' })],
    ...[
      'https://kommo.com.evil.com',
      'https://devteam.kommo.com.evil.com',
      'https://evil.com/devteam.kommo.com',
      'https://devteam.kommo.com/',
      'https://devteam.kommo.com:443',
      'https://user@devteam.kommo.com',
      'https://DEVTEAM.kommo.com',
      'https://a.devteam.kommo.com',
      'http://devteam.kommo.com',
      'devteam.kommo.com',
      'https://kommo.com',
      'https://devteam.amocrm.ru',
      'https://other.kommo.com',
      ['https://devteam.kommo.com'],
    ].map((iss): [string, () => string] => [`iss ${String(iss)}`, () => token({ iss })]),
    ['account_id of another account', () => token({ account_id: ACCOUNT.id + 1 })],
    ['account_id that is not installed', () => token({ account_id: 5 })],
    ['account_id as text', () => token({ account_id: String(ACCOUNT.id) })],
    [
      'everything of another account but iss',
      () => token({ account_id: ACCOUNT.id + 1, subdomain: 'other' }),
    ],
    ['subdomain of another account', () => token({ subdomain: 'other' })],
    [
      'client_uuid of another integration',
      () => token({ client_uuid: '00000000-52f6-4c0b-9d3e-1b2a7c8f6e05' }),
    ],
    ...['https://evil.example', 'http://localhost/', 'https://localhost', ['http://localhost', 'x']].map(
      (aud): [string, () => string] => [`aud ${String(aud)}`, () => token({ aud })],
    ),
    ['lifetime of more than half an hour', () => token({ exp: now() + 1801 })],
    ['issued in the future', () => token({ iat: now() + 60, exp: now() + 600 })],
    ['not yet valid', () => token({ nbf: now() + 60 })],
    ['is_admin as text', () => token({ is_admin: 'false' })],
    ['is_admin as a number', () => token({ is_admin: 1 })],
    ['user_id below one', () => token({ user_id: 0 })],
    ...Object.keys(claims(0)).map((name): [string, () => string] => [
      `no ${name}`,
      () => token({ [name]: undefined }),
    ]),
    [
      'a claim that stands twice',
      () => {
        const twice = JSON.stringify(claims(now())).replace('{', '{"is_admin":false,');
        const signed = `${base64url({ typ: 'JWT', alg: 'HS256' })}.${Buffer.from(twice).toString('base64url')}`;
        return `${signed}.${createHmac('sha256', SECRET).update(signed).digest('base64url')}`;
      },
    ],
  ])('is refused: %s', async (_name, made) => {
    for (const call of [session(made()), handed(made())]) {
      const { body } = await call.expect(401);
      expect(body.code).toBe('token_invalid');
    }
  });

  test('expired: refused with the word that a fresh one helps', async () => {
    const { body } = await session(token({ iat: now() - 900, nbf: now() - 900, exp: now() - 11 })).expect(
      401,
    );
    expect(body.code).toBe('token_expired');
  });

  test('where the app is switched off, it opens nothing', async () => {
    const set = (state: string) =>
      preset.database.dataSource.query(`update installation set state = $1 where api_base_url = $2`, [
        state,
        PAGE,
      ]);
    await set('disabled');
    expect((await session(token()).expect(403)).body.code).toBe('installation_inactive');
    await set('active');
    await session(token()).expect(200);
  });
});

describe('the page of an account', () => {
  test('is handed the token it came with, and where the frame is', async () => {
    const given = token();
    const { body, headers } = await handed(given).expect(200);
    expect(body).toEqual({
      token: given,
      expires_at: expect.stringMatching(/Z$/),
      host: 'https://kommo.com',
      tenant: String(ACCOUNT.id),
    });
    expect(headers).toMatchObject({ 'access-control-allow-origin': PAGE, 'cache-control': 'no-store' });
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    const frame = await request(preset.baseUrl)
      .get(`/widget/?host=${body.host}&tenant=${body.tenant}`)
      .expect(200);
    expect(frame.headers['content-security-policy']).toContain(`frame-ancestors ${PAGE};`);
  });

  test('is told before it calls that it may; a page of nobody we know is not', async () => {
    const preflight = (origin: string) =>
      request(preset.baseUrl).options('/api/host/kommo/token').set('Origin', origin).expect(204);
    const { headers } = await preflight(PAGE);
    expect(headers).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-headers': 'X-Auth-Token',
    });
    for (const origin of ['https://kommo.com.evil.com', 'https://evil.com', 'null', 'https://x.amocrm.ru'])
      expect((await preflight(origin)).headers['access-control-allow-origin']).toBeUndefined();
  });

  test('is not handed the token of another account, nor is a page of nobody', async () => {
    await handed(token(), 'https://other.kommo.com').expect(401);
    const { headers } = await handed(token(), 'https://evil.com').expect(401);
    expect(headers['access-control-allow-origin']).toBeUndefined();
    await request(preset.baseUrl).get('/api/host/kommo/token').set('X-Auth-Token', token()).expect(401);
    await request(preset.baseUrl).get('/api/host/kommo/token').set('Origin', PAGE).expect(401);
  });

  test('loads the scripts from us', async () => {
    const script = await request(preset.baseUrl).get('/kommo/script.js').expect(200);
    expect(script.headers['content-type']).toContain('text/javascript');
    expect(script.text).toContain('define([]');
    const embed = await request(preset.baseUrl).get('/kommo/embed.js').expect(200);
    expect(embed.headers['access-control-allow-origin']).toBe('*');
    expect(embed.text).toContain('export function embed');
  });
});

describe('the redirect after an install', () => {
  const redirect = (query: Record<string, string>) =>
    request(preset.baseUrl)
      .get('/api/host/kommo/installed')
      .query({ from_widget: '1', ...query });
  const accounts = () =>
    preset.database.dataSource.query(
      `select a.external_id, a.name, a.time_zone, i.state, i.api_base_url, i.access_token
         from account a join installation i on i.account_id = a.id where a.host = $1 order by i.updated_at, i.state desc`,
      [`http://${local}`],
    ) as Promise<Record<string, unknown>[]>;

  test.each([
    'kommo.com.evil.com',
    'devteam.kommo.com.evil.com',
    'kommo.com',
    'evilkommo.com',
    'a.devteam.kommo.com',
    'devteam.kommo.com:8443',
    'user@devteam.kommo.com',
    'evil.com/.kommo.com',
    'evil.com#.kommo.com',
    'evil.com?.kommo.com',
    'evil.com\\.kommo.com',
    'devteam.kommo.com.',
    'devteam.kommo.com/',
    'DEVTEAM.kommo.com',
    'dеvteam.kommo.com',
    'devteam.amocrm.ru',
    '127.0.0.1',
    '',
  ])('nothing is exchanged at %s', async (referer) => {
    const { body } = await redirect({ code: 'def502', referer }).expect(400);
    expect(body.code).toBe('malformed');
  });

  test('without a code, or with two addresses, nothing is exchanged', async () => {
    await redirect({ referer: local }).expect(400);
    await redirect({ code: '', referer: local }).expect(400);
    await request(preset.baseUrl)
      .get(`/api/host/kommo/installed?code=x&referer=${local}&referer=evil.com`)
      .expect(400);
    expect(asked).toEqual([]);
  });

  test.each<[string, Record<string, unknown>]>([
    ['no tokens', { '/oauth2/access_token': undefined }],
    ['tokens of another shape', { '/oauth2/access_token': { access_token: 5 } }],
    ['another account', { '/api/v4/account': ACCOUNT }],
    [
      'an account without a time zone',
      { '/api/v4/account': { ...ACCOUNT, subdomain: 'localhost', _embedded: {} } },
    ],
    [
      'an answer without an end in sight',
      { '/api/v4/account': { ...ACCOUNT, subdomain: 'localhost', x: 'x'.repeat(100_000) } },
    ],
  ])('where Kommo answers with %s, nothing is stored', async (_name, answers) => {
    says = { ...says, ...answers };
    expect((await redirect({ code: 'def502', referer: local }).expect(502)).body.code).toBe(
      'host_unavailable',
    );
    expect(await accounts()).toEqual([]);
  });

  test('the account that Kommo names is stored, and its token opens a session', async () => {
    await redirect({ code: 'def502', referer: local }).expect(200, { status: 'active' });
    expect(asked.map(({ path, authorization }) => [path, authorization])).toEqual([
      ['/oauth2/access_token', undefined],
      ['/api/v4/account?with=datetime_settings', `Bearer ${TOKENS.access_token}`],
    ]);
    expect(JSON.parse(asked[0]!.body)).toEqual({
      client_id: INTEGRATION,
      client_secret: SECRET,
      grant_type: 'authorization_code',
      code: 'def502',
      redirect_uri: `${preset.baseUrl}/api/host/kommo/installed`,
    });
    const [stored] = await accounts();
    expect(stored).toMatchObject({
      external_id: String(ACCOUNT.id),
      name: 'Developers Team',
      time_zone: 'America/New_York',
      state: 'active',
      api_base_url: `http://${local}`,
    });
    expect(String(stored!['access_token'])).not.toContain(TOKENS.access_token);
    const { body } = await session(token({ iss: `http://${local}`, subdomain: 'localhost' })).expect(200);
    expect(body).toEqual({
      account: { name: 'Developers Team', timeZone: 'America/New_York' },
      user: { id: '8375357', role: 'admin' },
      recipientZones: false,
    });

    const channels = request(preset.baseUrl).get('/api/channels');
    const own = token({ iss: `http://${local}`, subdomain: 'localhost' });
    await channels.set('Authorization', `Bearer ${own}`).expect(200, { data: [] });

    await redirect({ code: 'def503', referer: local }).expect(200);
    expect((await accounts()).map(({ state }) => state).sort()).toEqual(['active', 'uninstalled']);
    await session(token({ iss: `http://${local}`, subdomain: 'localhost' })).expect(200);
  });
});

describe('in HOSTS_FILE', () => {
  test.each<[string, Record<string, unknown>, Record<string, string>]>([
    ['the presets are kommo and bitrix24', { preset: 'bitrix' }, {}],
    ['must be one of https://kommo.com', { issuer: 'https://kommo.com.evil.com' }, {}],
    ['must be one of https://kommo.com', { issuer: 'http://localhost:9' }, { ALLOW_LOCAL_HOSTS: 'false' }],
    ['needs a name', { name: undefined }, {}],
    ['a UUID', { integrationId: 'my integration' }, {}],
    ['a UUID', { integrationId: undefined }, {}],
    ['must name a variable', { secretEnv: SECRET }, {}],
    ['into KOMMO_SECRET', {}, { KOMMO_SECRET: '' }],
    ['into KOMMO_SECRET', {}, { KOMMO_SECRET: 'short' }],
    ['into OTHER', { secretEnv: 'OTHER' }, {}],
    ['knows no secret', { secret: SECRET }, {}],
    ['knows no keys', { keys: [] }, {}],
  ])('what is wrong is said: %s', (sentence, changes, env) => {
    const read = () => preset.config([record(changes)], env);
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(sentence);
    expect(read).not.toThrow(SECRET);
  });

  test('one issuer stands once', () => {
    expect(() => preset.config([record(), record()])).toThrow('stands in it twice');
  });

  test('the secret is read from the variable, and no print of the settings shows it', () => {
    const { hosts } = preset.config([record({ secretEnv: 'OTHER' })], { OTHER: SECRET, KOMMO_SECRET: '' });
    expect(hosts[0]!.kommo!.secret.export().toString()).toBe(SECRET);
    expect(JSON.stringify(hosts) + inspect(hosts, { depth: 9, showHidden: true })).not.toContain(SECRET);
  });
});
