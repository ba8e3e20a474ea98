import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { ConfigError } from '../../src/config.ts';
import { Erasure } from '../../src/host/erasure.ts';
import { PresetApp } from '../preset-app.ts';
import {
  access,
  APPLICATION_TOKEN,
  CLIENT_ID,
  MEMBER,
  opening,
  profile,
  SECRET,
  uninstall,
} from './fixtures.ts';
import { Portal } from './portal.ts';

let preset: PresetApp;
let portal: Portal;

const record = (changes: Record<string, unknown> = {}) => ({
  preset: 'bitrix24',
  issuer: 'https://oauth.bitrix24.tech',
  name: 'Битрикс24',
  clientId: CLIENT_ID,
  ...changes,
});

beforeAll(async () => {
  portal = await Portal.start();
  preset = await PresetApp.start([record({ issuer: portal.url })], { BITRIX24_SECRET: SECRET });
});
afterAll(async () => {
  await preset.stop();
  portal.stop();
});
beforeEach(async () => {
  await preset.database.dataSource.query('truncate account, installation, erasure cascade');
  portal.asked.length = 0;
  portal.access = access(portal.url);
  portal.profiles.set('ydtj8pho532wydb5ixk78ol7uqlb7sch', profile());
  portal.profiles.set('s6p6eclrvim6da22ft9ch94ekreb52lv', profile());
});

const post = (path: string, form: Record<string, string>) =>
  request(preset.baseUrl).post(path).type('form').send(form);
const open = (changes: Record<string, string> = {}, lang = 'ru') =>
  post(
    `/bitrix24/app?DOMAIN=evil.example.com&PROTOCOL=1&LANG=${lang}&APP_SID=1`,
    opening(portal.url, changes),
  );
const fresh = (changes: Record<string, string> = {}) => post('/bitrix24/token', opening(portal.url, changes));
const installations = () =>
  preset.database.dataSource.query(
    `select a.external_id, a.name, a.time_zone, i.state, i.origins, i.api_base_url, i.session_key, i.access_token, i.erase_at_once
       from account a join installation i on i.account_id = a.id order by i.updated_at`,
  );

interface Boot {
  host: string;
  tenant: string;
  user: string;
  token: string;
}

function bootOf(page: string): Boot {
  const text = /data-boot="([^"]*)"/.exec(page)![1]!;
  return JSON.parse(text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))) as Boot;
}

const session = (token: string) =>
  request(preset.baseUrl).get('/api/session').set('Authorization', `Bearer ${token}`);

describe('opening the app', () => {
  test('the first by an administrator installs it, on the word of the server of authorisation alone', async () => {
    const { text, headers } = await open().expect(200);
    const [stored, ...more] = await installations();
    expect(more).toEqual([]);
    expect(stored).toMatchObject({
      external_id: MEMBER,
      name: 'localhost',
      time_zone: 'Europe/Moscow',
      state: 'active',
      origins: [preset.baseUrl, portal.url],
      api_base_url: `${portal.url}/rest`,
    });
    expect(headers['content-security-policy']).toContain(`frame-ancestors ${portal.url};`);
    const [exchange] = portal.asked;
    expect(Object.fromEntries(exchange!.query)).toEqual({
      grant_type: 'refresh_token',
      client_id: CLIENT_ID,
      client_secret: SECRET,
      refresh_token: '4s386p3q0tr8dy89xvmt96234v3dljg8',
    });
    const boot = bootOf(text);
    expect(boot).toMatchObject({ host: portal.url, tenant: MEMBER, user: 'Вадим Валеев' });
    const { body } = await session(boot.token).expect(200);
    expect(body).toMatchObject({ account: { name: 'localhost' }, user: { id: '67', role: 'admin' } });
  });

  test('a later one asks the portal who it is, and the server of authorisation nothing', async () => {
    await open().expect(200);
    portal.asked.length = 0;
    portal.profiles.set('s6p6eclrvim6da22ft9ch94ekreb52lv', profile({ ID: '68', ADMIN: false }));
    const { text } = await open().expect(200);
    expect(portal.asked.map(({ path }) => path)).toEqual(['/rest/profile']);
    const { body } = await session(bootOf(text).token).expect(200);
    expect(body.user).toEqual({ id: '68', role: 'operator' });
    expect(await installations()).toHaveLength(1);
  });

  test('by somebody else first, it says to ask an administrator, in the language of the portal', async () => {
    portal.profiles.set('ydtj8pho532wydb5ixk78ol7uqlb7sch', profile({ ADMIN: false }));
    const { text } = await open().expect(403);
    expect(text).toContain('администратор CRM');
    expect((await open({}, 'de').expect(403)).text).toContain('An administrator of the CRM');
    expect(await installations()).toEqual([]);
  });

  test('the zone is that of the administrator’s profile where it has one', async () => {
    portal.profiles.set('ydtj8pho532wydb5ixk78ol7uqlb7sch', profile({ TIME_ZONE: 'Asia/Omsk' }));
    await open().expect(200);
    expect(await installations()).toMatchObject([{ time_zone: 'Asia/Omsk' }]);
  });

  test('what a name holds does not become a part of the page', async () => {
    portal.profiles.set(
      's6p6eclrvim6da22ft9ch94ekreb52lv',
      profile({ NAME: `"><script>alert('1')</script>&` }),
    );
    const { text } = await open().expect(200);
    expect(text).not.toContain('<script>alert');
    expect(bootOf(text).user).toBe(`"><script>alert('1')</script>& Валеев`);
  });

  test('a fresh token is given for as long as the access works, and by the same checks', async () => {
    await open().expect(200);
    const { body } = await fresh().expect(200);
    await session(body.token).expect(200);
    portal.profiles.delete('s6p6eclrvim6da22ft9ch94ekreb52lv');
    await fresh().expect(502);
    await open().expect(502);
  });
});

describe('nobody else gets in', () => {
  test.each<[string, Record<string, string>, number]>([
    ['another server of authorisation', { SERVER_ENDPOINT: 'https://oauth.evil.example.com/rest/' }, 400],
    ['a server whose name begins alike', { SERVER_ENDPOINT: 'http://localhost:1.evil.example.com/' }, 400],
    ['no refresh token', { REFRESH_ID: '' }, 400],
    ['no account', { member_id: '' }, 400],
    ['an account that is none', { member_id: '../../x' }, 400],
    ['an access with a line break', { AUTH_ID: 'x'.repeat(20) + '\n' }, 400],
    ['the member id of another account', { member_id: 'b'.repeat(32) }, 502],
  ])('%s', async (_, changes, status) => {
    await open(changes).expect(status);
    expect(await installations()).toEqual([]);
  });

  test('an access that the server of authorisation does not know installs nothing', async () => {
    portal.access = null;
    await open().expect(502);
    expect(await installations()).toEqual([]);
  });

  test('another application token leads to the server of authorisation again, not to the stored account', async () => {
    await open().expect(200);
    portal.access = null;
    await open({ APPLICATION_TOKEN: 'f'.repeat(32) }).expect(502);
    portal.access = access(portal.url);
    portal.profiles.set('ydtj8pho532wydb5ixk78ol7uqlb7sch', profile({ ADMIN: false }));
    await open({ APPLICATION_TOKEN: 'f'.repeat(32) }).expect(403);
    expect(await installations()).toHaveLength(1);
  });

  test('an address that comes with an opening is not asked', async () => {
    await open().expect(200);
    portal.asked.length = 0;
    await post('/bitrix24/app?DOMAIN=127.0.0.1:1', {
      ...opening(portal.url),
      client_endpoint: 'http://127.0.0.1:1/',
    }).expect(200);
    expect(portal.asked).toHaveLength(1);
  });

  test('a switched off app shows nothing', async () => {
    await open().expect(200);
    await preset.database.dataSource.query(`update installation set state = 'disabled'`);
    await open().expect(403);
  });

  test('only a form is read, and not a long one', async () => {
    await request(preset.baseUrl).post('/bitrix24/token').send(opening(portal.url)).expect(400);
    await fresh({ PLACEMENT_OPTIONS: 'x'.repeat(70_000) }).expect(400);
  });
});

describe('an uninstall', () => {
  test.each([
    ['with its data', '1', true],
    ['without', '0', false],
  ])('%s', async (_, clean, erased) => {
    const { text } = await open().expect(200);
    await post('/bitrix24/events', uninstall({ 'data[CLEAN]': clean })).expect(204);
    expect(await installations()).toMatchObject([
      { state: 'uninstalled', session_key: null, access_token: null, erase_at_once: erased },
    ]);
    await session(bootOf(text).token).expect(401);
    const finished = async () =>
      (await preset.database.dataSource.query('select 1 from erasure where finished_at is not null')).length;
    // The uninstall has woken it; whoever has the account in hand lets go of it in time.
    do await preset.app.get(Erasure).runOnce();
    while (erased && (await finished()) === 0);
    expect(await finished()).toBe(erased ? 1 : 0);
    // A repeat finds nobody.
    await post('/bitrix24/events', uninstall()).expect(401);
    // And it may be installed again.
    await open().expect(200);
    expect((await installations()).filter(({ state }: { state: string }) => state === 'active')).toHaveLength(
      1,
    );
  });

  test.each<[string, Record<string, string>, number]>([
    ['another token', { 'auth[application_token]': 'e'.repeat(32) }, 401],
    ['no token', { 'auth[application_token]': '' }, 400],
    ['another account', { 'auth[member_id]': 'c'.repeat(32) }, 401],
    ['another event', { event: 'ONAPPINSTALL' }, 400],
  ])('%s changes nothing', async (_, changes, status) => {
    await open().expect(200);
    await post('/bitrix24/events', uninstall(changes)).expect(status);
    expect(await installations()).toMatchObject([{ state: 'active' }]);
  });
});

describe('its record in HOSTS_FILE', () => {
  test('the secret is in no text of the record', () => {
    const [host] = preset.config([record()]).hosts;
    expect(inspect(host, { depth: 9 }) + JSON.stringify(host)).not.toContain(SECRET);
  });

  test.each<[string, Record<string, unknown>, Record<string, string>, RegExp]>([
    ['another server', { issuer: 'https://oauth.evil.com' }, {}, /issuer of a bitrix24 host must be one of/],
    ['no code', { clientId: '' }, {}, /clientId/],
    ['the secret itself', { secretEnv: SECRET }, {}, /must name a variable/],
    ['no secret', {}, { BITRIX24_SECRET: '' }, /into BITRIX24_SECRET/],
    ['no such zone', { timeZone: 'Mars/Base' }, {}, /timeZone/],
    ['a field too many', { maxTtlSeconds: 60 }, {}, /knows no maxTtlSeconds/],
    ['another preset', { preset: 'vtiger' }, {}, /the presets are kommo and bitrix24/],
  ])('%s is refused with what to do', (_, changes, env, words) => {
    expect(() => preset.config([record(changes)], env)).toThrow(ConfigError);
    expect(() => preset.config([record(changes)], env)).toThrow(words);
  });
});

test('neither access nor token stands in a log or in a stored row as it came', async () => {
  await open().expect(200);
  const [row] = await preset.database.dataSource.query('select * from installation');
  expect(inspect(row)).not.toContain(APPLICATION_TOKEN);
  expect(String(row.access_token)).not.toContain('ydtj8pho');
});
