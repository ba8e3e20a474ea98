import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createSecretKey } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser } from '../../backend/test/browser.ts';
import { checkHost, type HostUnderTest } from '../../backend/host-check/check-host.ts';
import { checkInstall, checkSecrets } from '../../backend/host-check/check-install.ts';
import { OurSide, type InstallCall } from '../../backend/host-check/our-side.ts';
import { importPublicKey, type HostKey } from '../../backend/src/host/host-keys.ts';
import { startSandbox, type Sandbox } from '../../sandbox/src/sandbox.ts';

/** The sandbox as the host, our side as the check has it, and a page of the host with something wrong. */
let browser: Browser;
let side: OurSide;
let sandbox: Sandbox;
let crm: Server;
let flaw: (script: string) => string = (script) => script;
const WITHIN_MS = 30_000;
const EMBED = join(process.cwd(), 'sandbox/src/pages/embed.js');

beforeAll(async () => {
  browser = await launchBrowser();
  crm = createServer((request, response) => {
    void answer(request.url!).then(({ type, body }) => response.setHeader('content-type', type).end(body));
  }).listen(0, '127.0.0.1');
  await once(crm, 'listening');
});
afterAll(async () => {
  await browser?.close();
  crm?.close();
  crm?.closeAllConnections();
});

beforeEach(async () => {
  side = await OurSide.start(0);
  sandbox = await startSandbox({ port: 0, backendUrl: side.url, dataDir: null });
  await sandbox.installs.install('romashka');
});
afterEach(async () => {
  await sandbox.stop();
  side.stop();
});

async function answer(path: string): Promise<{ type: string; body: string }> {
  if (path === '/embed.js') return { type: 'text/javascript', body: flaw(await readFile(EMBED, 'utf8')) };
  const { token, expires_at } = sandbox.tokens.session('romashka', { user: 'u-1' });
  const told = {
    url: `${side.url}/widget/`,
    host: sandbox.url,
    tenant: 'romashka',
    token: { token, expires_at },
  };
  const script = `import { embed } from './embed.js';
    const { token, ...options } = ${JSON.stringify(told)};
    embed({ into: document.body, user: { display_name: 'Мария' }, ...options, token: () => token });`;
  return { type: 'text/html', body: `<!doctype html><body><script type="module">${script}</script>` };
}

function platformKey(): HostKey {
  const { kid, alg, publicKey } = sandbox.hosts[0]!.keys![0] as Record<string, unknown>;
  return importPublicKey(kid, alg, publicKey);
}

function underTest(): HostUnderTest {
  const { sessionKey } = sandbox.identity.tenant('romashka').installation!;
  const key = { kid: '', alg: 'HS256' as const, key: createSecretKey(Buffer.from(sessionKey!, 'base64url')) };
  const { token } = sandbox.tokens.session('romashka', { user: 'u-1' });
  return {
    level: 1,
    session: { token, issuer: sandbox.url, audience: 'mass-messaging', maxTtlSeconds: 300, key },
    install: { key: platformKey(), ourUrl: side.url, call: () => side.installed(WITHIN_MS) },
    page: () => side.frame(WITHIN_MS),
    api: null,
    channel: '',
    phone: '',
    templateChannel: '',
    fetch,
    heard: () => Promise.resolve([]),
    replied: () => Promise.resolve([]),
  };
}

async function failedAt(address: string): Promise<string[]> {
  const page = await browser.newPage();
  await page.goto(address);
  const findings = await checkHost(underTest());
  await page.close();
  expect(findings).toHaveLength(8);
  return findings.filter(({ passed }) => !passed).map(({ what }) => what);
}

test('the sandbox is complete on level 1, its install call and its page with it', async () => {
  expect(await failedAt(`${sandbox.url}/integration/mass-messaging?tenant=romashka`)).toEqual([]);
});

const ADDRESS = 'the page shows the frame at the right address';
const INIT = 'the frame is told who looks at it';
const FRESH = 'a fresh token comes when it is asked for';
const STRANGER = 'a frame with another id is told nothing';
const HEIGHT = 'the frame gets the height it asks for';

test.each<[string, [string, string], string[]]>([
  ['nothing is wrong', ['', ''], []],
  ['no tenant in the address', ['{ host, tenant, embed_id', '{ host, embed_id'], [ADDRESS, INIT]],
  ['a short id', ['const embedId = randomId();', "const embedId = '1';"], [ADDRESS]],
  ['a token in the address', ['{ host, tenant,', "{ host, tenant, jwt: 'eyJh.eyJz.c2ln',"], [ADDRESS]],
  [
    'the whole address of the page as referrer',
    ["referrerPolicy = 'origin'", "referrerPolicy = 'unsafe-url'"],
    [ADDRESS],
  ],
  [
    'no answer to ready',
    ['  function hear(event) {', '  function hear(event) { return;'],
    [INIT, FRESH, HEIGHT],
  ],
  ['no theme', ['locale, theme, user, capabilities })', 'locale, user, capabilities })'], [INIT]],
  [
    'an end that is not the token’s',
    [
      'const { token, expires_at } = await mint();',
      "const { token } = await mint(); const expires_at = '2030-01-01T00:00:00Z';",
    ],
    [INIT, FRESH],
  ],
  ['no fresh tokens', ["'token.request': (id)", "'token.ask': (id)"], [FRESH]],
  ['an answer that names no question', ["'token.response', id,", "'token.response', undefined,"], [FRESH]],
  ['every frame is answered', ['if (embed_id !== embedId) return;', ''], [STRANGER]],
  ['a fixed height', ['if (Number.isFinite(height))', 'if (false)'], [HEIGHT]],
])('%s: what fails is what is wrong', async (_what, [part, wrong], expected) => {
  expect(await readFile(EMBED, 'utf8')).toContain(part);
  flaw = (script) => script.replace(part, wrong);
  expect(await failedAt(`http://127.0.0.1:${(crm.address() as AddressInfo).port}/page?of=us`)).toEqual(
    expected,
  );
});

test.each<[string, (call: InstallCall) => InstallCall | null, string]>([
  ['nobody called', () => null, 'no install call came'],
  ['no token', (call) => ({ ...call, headers: {} }), 'Authorization: Bearer'],
  [
    'another body than the signed one',
    (call) => ({ ...call, body: call.body.replace('romashka', 'vasilek') }),
    'bsh',
  ],
  ['a token that is none', (call) => ({ ...call, headers: { authorization: 'Bearer x.y.z' } }), ''],
])('an install call is refused for what is wrong with it: %s', async (_, change, words) => {
  const call = (await side.installed(WITHIN_MS))!;
  const check = (each: InstallCall | null) => () => checkInstall(each, platformKey(), sandbox.url, side.url);
  expect(check(call)).not.toThrow();
  expect(check(change(call))).toThrow(words);
});

test('an install call for somebody else, or by another host, is refused', async () => {
  const call = (await side.installed(WITHIN_MS))!;
  expect(() => checkInstall(call, platformKey(), sandbox.url, 'https://else.example')).toThrow('audience');
  expect(() => checkInstall(call, platformKey(), 'https://else.example', side.url)).toThrow('issuer');
});

test.each<[string, (call: InstallCall) => InstallCall, string]>([
  ['no answer', (call) => ({ ...call, exchanges: [] }), 'no answer'],
  [
    'good twice',
    (call) => ({ ...call, exchanges: [call.exchanges[0]!, call.exchanges[0]!] }),
    'a second time',
  ],
  [
    'a short secret',
    (call) => ({
      ...call,
      exchanges: [{ status: 200, body: { access_token: 'a', webhook_secret: 'whsec_1' } }],
    }),
    'webhook_secret',
  ],
])('a code is refused for what is wrong with it: %s', async (_, change, words) => {
  const call = (await side.installed(WITHIN_MS))!;
  expect(() => checkSecrets(call)).not.toThrow();
  expect(() => checkSecrets(change(call))).toThrow(words);
});
