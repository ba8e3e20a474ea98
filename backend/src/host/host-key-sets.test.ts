import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Config, HostRecord } from '../config.ts';
import { HostKeySets } from './host-key-sets.ts';

const MINUTE = 60_000;
const START = Date.UTC(2026, 0, 1);

let server: Server;
let asked = 0;
let answer: (response: ServerResponse) => void;
let host: HostRecord;
let sets: HostKeySets;

beforeAll(async () => {
  server = createServer((_request, response) => {
    asked += 1;
    answer(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const jwksUrl = `http://localhost:${(server.address() as AddressInfo).port}/keys`;
  host = { issuer: 'https://crm.example', name: 'CRM', keys: [], jwksUrl, maxTtlSeconds: 300 };
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = 0;
  publish('one');
  sets = new HostKeySets({ allowLocalHosts: true } as Config);
});
afterEach(() => sets.onApplicationShutdown());

const ec = (kid: string) => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }),
  kid,
  alg: 'ES256',
});
const rsa = (kid: string, bits: number) => ({
  ...generateKeyPairSync('rsa', { modulusLength: bits }).publicKey.export({ format: 'jwk' }),
  kid,
});
function publish(...kids: string[]): void {
  const keys = kids.map(ec);
  answer = (response) => response.end(JSON.stringify({ keys }));
}
const has = async (kid: string, now = START) => (await sets.find(host, kid, now)) !== null;

test('published keys are found by their name, with the one algorithm each may be used with', async () => {
  const keys = [ec('one'), rsa('two', 2048)];
  answer = (response) => response.end(JSON.stringify({ keys }));
  expect(await sets.find(host, 'one', START)).toMatchObject({ kid: 'one', alg: 'ES256' });
  expect(await sets.find(host, 'two', START)).toMatchObject({ kid: 'two', alg: 'RS256' });
  expect(asked).toBe(1);
});

test('what is private, symmetric, weak, for encryption or without a usable name is left out', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const keys = [
    { ...pair.privateKey.export({ format: 'jwk' }), kid: 'private' },
    { kty: 'oct', k: 'AAAA', kid: 'symmetric', alg: 'HS256' },
    rsa('weak', 1024),
    { ...ec('encrypting'), use: 'enc' },
    { ...ec('other'), alg: 'ES512' },
    { ...ec('../x') },
    null,
    ec('good'),
  ];
  answer = (response) => response.end(JSON.stringify({ keys }));
  expect(await has('good')).toBe(true);
  for (const kid of ['private', 'symmetric', 'weak', 'encrypting', 'other', '../x'])
    expect(await has(kid)).toBe(false);
});

test('a thousand tokens with names nobody knows ask once in thirty seconds', async () => {
  const flood = (now: number) =>
    Promise.all(Array.from({ length: 1000 }, (_, n) => has(`unknown-${n}`, now)));
  expect(new Set(await flood(START))).toEqual(new Set([false]));
  await flood(START + 29_000);
  expect(asked).toBe(1);
  await flood(START + 31_000);
  expect(asked).toBe(2);
});

test('a name that no key can have asks nobody', async () => {
  for (const kid of ['../../etc', 'http://127.0.0.1/', 'x'.repeat(65), ''])
    expect(await has(kid)).toBe(false);
  expect(asked).toBe(0);
});

test('a new key works at once, a withdrawn one no longer than ten minutes', async () => {
  expect(await has('one')).toBe(true);
  publish('two');
  expect(await has('one', START + 9 * MINUTE)).toBe(true);
  expect(await has('one', START + 10 * MINUTE)).toBe(false);
  expect(await has('two', START + 10 * MINUTE)).toBe(true);
});

describe.each<[string, (response: ServerResponse) => void]>([
  ['an error', (response) => response.writeHead(500).end()],
  ['no answer', (response) => response.destroy()],
  ['HTML', (response) => response.end('<html>')],
  ['a list instead of a set', (response) => response.end('[]')],
  ['ten megabytes', (response) => response.end(Buffer.alloc(10 << 20, ' '))],
  ['a redirect', (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/keys' }).end()],
])('while the host gives %s', (_name, broken) => {
  test('the last good keys hold for an hour, and it is asked every thirty seconds', async () => {
    expect(await has('one')).toBe(true);
    answer = broken;
    expect(await has('one', START + 20 * MINUTE)).toBe(true);
    expect(await has('one', START + 20 * MINUTE + 1000)).toBe(true);
    expect(asked).toBe(2);
    expect(await has('one', START + 59 * MINUTE)).toBe(true);
    expect(await has('one', START + 60 * MINUTE)).toBe(false);
    publish('one');
    expect(await has('one', START + 62 * MINUTE)).toBe(true);
  });
});

test('a name that leads to a private address is not called', async () => {
  const strict = new HostKeySets({ allowLocalHosts: false } as Config);
  expect(await strict.find(host, 'one', START)).toBeNull();
  expect(asked).toBe(0);
  await strict.onApplicationShutdown();
});
