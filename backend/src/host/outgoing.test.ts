import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { request } from 'undici';
import { neverLeft } from '../channels/host/host-client.ts';
import { isPublicAddress, publicAgent } from './outgoing.ts';

let inside: Server;
let calls = 0;
beforeAll(async () => {
  inside = createServer((_, response) => {
    calls += 1;
    response.end('inside');
  }).listen(0);
  await once(inside, 'listening');
});
afterAll(() => void inside.close());

/** A name, as every address of a host's is; it leads to this machine. */
const url = () => `http://localhost:${(inside.address() as AddressInfo).port}`;

test.each([
  ['93.184.216.34', true],
  ['2606:2800:220:1:248:1893:25c8:1946', true],
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['0.0.0.0', false],
  ['::1', false],
  ['fd00::1', false],
  ['fe80::1', false],
  ['::ffff:10.0.0.1', false],
  ['localhost', false],
])('%s is public: %s', (address, isPublic) => expect(isPublicAddress(address)).toBe(isPublic));

test('a name that leads inside is not called, and the request certainly never left', async () => {
  const agent = publicAgent(false, 1000);
  const failure: unknown = await request(url(), { dispatcher: agent }).catch((error: unknown) => error);
  await agent.close();
  expect([neverLeft(failure), calls]).toEqual([true, 0]);
});

test('where hosts may be local, it is', async () => {
  const agent = publicAgent(true, 1000);
  const { body } = await request(url(), { dispatcher: agent });
  expect(await body.text()).toBe('inside');
  await agent.close();
});
