import { afterEach, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importSPKI, jwtVerify } from 'jose';
import type { InstalledEvent } from '../../contract/host-api.ts';
import { exchange } from '../test/stub-integration.ts';
import { startInstalled, type Installed } from '../test/installed.ts';
import { startSandbox } from './sandbox.ts';

let host: Installed;
afterEach(() => host.stop());

test('an install is a signed call, and its code gives the secrets once', async () => {
  host = await startInstalled();
  const [installed] = host.integration.lifecycle;
  expect(installed!.name).toBe('installed');
  expect(installed!.claims).toMatchObject({
    tid: 'romashka',
    iss: host.sandbox.url,
    aud: host.integration.url,
  });
  expect(installed!.event).toMatchObject({
    sequence: 1,
    tenant: { timezone: 'Europe/Moscow', origins: [host.sandbox.url] },
  });
  expect(Buffer.from(host.integration.secrets[0]!.session_key!, 'base64url')).toHaveLength(32);
  await expect(exchange(installed!.event as InstalledEvent)).rejects.toThrow('400');
});

test('a refused install leaves nothing installed', async () => {
  host = await startInstalled();
  host.integration.answerLifecycleWith(422);
  await expect(host.sandbox.installs.install('vasilek')).rejects.toMatchObject({ code: 'lifecycle_refused' });
  expect(host.sandbox.identity.tenant('vasilek')).toMatchObject({
    state: 'not-installed',
    installation: null,
  });
});

test('the access token works while the integration is active, and never again after it was removed', async () => {
  host = await startInstalled();
  const { installs, identity } = host.sandbox;
  const old = identity.tenant('romashka').installation!;
  expect((await host.call('GET', '/v1/channels')).status).toBe(200);
  await installs.disable('romashka');
  expect((await host.call('GET', '/v1/channels')).status).toBe(403);
  await installs.enable('romashka');
  expect((await host.call('GET', '/v1/channels')).status).toBe(200);
  await installs.uninstall('romashka');
  await installs.install('romashka');
  expect(identity.tenant('romashka').installation!.id).not.toBe(old.id);
  const answer = await host.call('GET', '/v1/channels', undefined, {
    authorization: `Bearer ${old.accessToken}`,
  });
  expect(answer.status).toBe(401);
  expect(host.integration.lifecycle.map(({ name, event }) => [name, event.sequence])).toEqual([
    ['installed', 1],
    ['disabled', 2],
    ['enabled', 3],
    ['uninstalled', 4],
    ['installed', 5],
  ]);
});

test('session tokens are HS256 with the installation’s key in one account and ES256 in the other', async () => {
  host = await startInstalled();
  await host.sandbox.installs.install('vasilek');
  const options = { issuer: host.sandbox.url, audience: 'mass-messaging', typ: 'host-session+jwt' };
  const body = { tenant: 'romashka', user: 'u1', role: 'viewer' };
  const { token, expires_at } = (await host.call('POST', '/sandbox/token', body)).body;
  const key = Buffer.from(host.integration.secrets[0]!.session_key!, 'base64url');
  const { payload } = await jwtVerify(token, key, { ...options, algorithms: ['HS256'] });
  expect(payload).toMatchObject({ sub: 'u1', tid: 'romashka', role: 'viewer' });
  expect(payload.exp! - payload.iat!).toBe(300);
  expect(Date.parse(expires_at)).toBe(payload.exp! * 1000);

  const other = host.sandbox.tokens.session('vasilek', { user: 'u2', role: 'admin' });
  const publicKey = await importSPKI(host.sandbox.hosts[0]!.keys[0]!.publicKey, 'ES256');
  const { protectedHeader } = await jwtVerify(other.token, publicKey, { ...options, algorithms: ['ES256'] });
  expect(protectedHeader.kid).toBe(host.sandbox.hosts[0]!.keys[0]!.kid);
});

test('bad tokens can be made for tests', async () => {
  host = await startInstalled();
  const user = { user: 'u1', role: 'admin' };
  const forge = host.sandbox.tokens.session.bind(host.sandbox.tokens, 'romashka', user);
  const parts = (token: string) => token.split('.').map((part) => Buffer.from(part, 'base64url').toString());
  const none = parts(forge({ header: { alg: 'none' }, claims: { exp: undefined }, key: null }).token);
  expect(JSON.parse(none[0]!)).toMatchObject({ alg: 'none' });
  expect(JSON.parse(none[1]!)).not.toHaveProperty('exp');
  expect(none[2]).toBe('');
  expect(parts(forge({ payload: '{"role":"viewer","role":"admin"}' }).token)[1]).toContain('"role":"viewer"');
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  expect(forge({ header: { alg: 'RS256' }, key: privateKey }).token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]{342}$/);
});

test('a restart keeps the installation, the ledger and the hosts file', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'sandbox-'));
  host = await startInstalled({}, dataDir);
  const before = host.sandbox.identity.tenant('romashka').installation;
  const first = await host.send();
  await host.sandbox.stop();
  const port = Number(new URL(host.sandbox.url).port);
  const sandbox = await startSandbox({ port, backendUrl: host.integration.url, dataDir });
  host = { ...host, sandbox };
  expect(sandbox.identity.tenant('romashka').installation).toEqual(before);
  expect(JSON.parse(await readFile(join(dataDir, 'hosts.json'), 'utf8'))).toEqual(sandbox.hosts);
  expect(sandbox.ledger.stats('romashka', 'acc:7:1').accepted).toBe(1);
  const again = await host.send();
  expect(again.headers.get('idempotency-replayed')).toBe('true');
  expect(again.body).toEqual(first.body);
  await sandbox.stop();
  await rm(dataDir, { recursive: true });
});
