import { afterEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import type { Config } from '../../config.ts';
import type { HostAccess, Installations } from '../installations.ts';
import { NotLeft, TimedOut } from './exchange.ts';
import { HostClient, neverLeft } from './host-client.ts';

/** No test waits for it to pass but those that name a shorter one. */
const LONG_MS = 60_000;
const SHORT_MS = 400;

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A host that does what the test says, and how many connections it has been given so far. */
async function host(answer: RequestListener): Promise<{ access: HostAccess; connections: () => number }> {
  let connections = 0;
  const server = createServer(answer).on('connection', () => (connections += 1));
  closing.push(() => server.closeAllConnections());
  const origin = `http://127.0.0.1:${await listen(server)}`;
  return { access: { origin, basePath: '/base', accessToken: 'token' }, connections: () => connections };
}

/** A host that keeps what it is asked until the test answers it. */
async function patientHost() {
  const asked: { request: IncomingMessage; response: ServerResponse }[] = [];
  let heard = (): void => undefined;
  const { access, connections } = await host((request, response) => {
    asked.push({ request, response });
    heard();
  });
  const nth = async (n: number) => {
    while (asked.length <= n) await new Promise<void>((done) => (heard = done));
    return asked[n]!;
  };
  return { access, connections, asked, nth };
}

/** Who it calls is given with each call here: it asks for no installation. */
function unclosed({ timeoutMs = LONG_MS, connections = 1 } = {}): HostClient {
  const config = { channelConcurrency: connections, requestTimeoutMs: timeoutMs } as Config;
  return new HostClient({} as Installations, config);
}

function client(options: Parameters<typeof unclosed>[0] = {}): HostClient {
  const made = unclosed(options);
  closing.push(() => made.onApplicationShutdown());
  return made;
}

const message = { method: 'POST', path: '/v1/messages', body: { text: 'я' } } as const;
const read = { method: 'GET', path: '/v1/channels' } as const;

test('what is asked arrives as it was asked, and the answer comes back', async () => {
  const { access, nth } = await patientHost();
  const { answer } = client().begin(access, { ...message, idempotencyKey: '1:2:3:4' });
  const { request, response } = await nth(0);
  expect([request.method, request.url]).toEqual(['POST', '/base/v1/messages']);
  expect(request.headers).toMatchObject({
    authorization: 'Bearer token',
    'content-type': 'application/json',
    'idempotency-key': '1:2:3:4',
  });
  expect(await request.setEncoding('utf8').toArray()).toEqual(['{"text":"я"}']);
  response.writeHead(429, { 'retry-after': '7' }).end('{"code":"slow"}');
  expect(await answer).toEqual({ status: 429, body: { code: 'slow' }, retryAfter: '7' });
});

test('a read has no body, and says so', async () => {
  const { access } = await host((request, response) => response.end(JSON.stringify(request.headers)));
  const { body } = await client().begin(access, read).answer;
  expect(body).not.toHaveProperty('content-type');
  expect(body).not.toHaveProperty('idempotency-key');
});

test.each([
  ['in pieces that cut a letter', [Buffer.from([0x22, 0xd1]), Buffer.from([0x8f, 0x22])], 'я'],
  ['behind a byte order mark', [Buffer.from('\ufeff"я"')], 'я'],
  ['that is no JSON', [Buffer.from('<html>')], null],
  ['of nothing', [], null],
])('a body %s', async (_, pieces, expected) => {
  const { access } = await host((_request, response) => {
    const [first, ...rest] = pieces;
    response.writeHead(200);
    if (!first) return void response.end();
    // The next piece goes when the one before has been given to the network.
    response.write(first, () => response.end(Buffer.concat(rest)));
  });
  expect(await client().begin(access, read).answer).toMatchObject({ status: 200, body: expected });
});

test('of a body without end only so much is read; its status counts, and its connection ends', async () => {
  const closed: Promise<unknown>[] = [];
  const { access } = await host((_request, response) => {
    closed.push(once(response, 'close'));
    response.writeHead(401);
    const pour = () => response.write('x'.repeat(10_000), (error) => error ?? pour());
    pour();
  });
  const { answer } = client().begin(access, { ...read, longest: 100_000 });
  expect(await answer).toEqual({ status: 401, body: null, retryAfter: undefined });
  await Promise.all(closed);
});

test('an answer to a message is bounded without being told, and one of the bound itself is read', async () => {
  const { access } = await host((request, response) =>
    response.end(`"${'x'.repeat(Number(request.url!.slice(6)))}"`),
  );
  const bodyOf = async (length: number) => {
    const { answer } = client().begin(access, { method: 'POST', path: `/${length}` });
    return (await answer).body;
  };
  expect(await bodyOf(64 * 1024 - 2)).toHaveLength(64 * 1024 - 2);
  expect(await bodyOf(64 * 1024 - 1)).toBeNull();
});

test('whether it may leave is asked when the connection before it is free, not before', async () => {
  const { access, nth, asked } = await patientHost();
  const http = client({ connections: 1 });
  const first = http.begin(access, message);
  const told: string[] = [];
  const second = http.begin(access, { ...message, leave: () => told.push('asked') > 0 });
  const { response } = await nth(0);
  expect([second.hasLeft, asked.length, told]).toEqual([false, 1, []]);
  void first.answer.then(() => told.push('first answered'));
  response.end('{}');
  (await nth(1)).response.end('{}');
  await second.answer;
  expect(told).toEqual(['first answered', 'asked']);
  expect(second.hasLeft).toBe(true);
});

test('what may not leave any more does not, and costs the others neither their turn nor the connection', async () => {
  const { access, connections } = await host((_request, response) => response.end('{}'));
  const http = client({ connections: 1 });
  await http.begin(access, read).answer;
  const late = Array.from({ length: 5 }, () => http.begin(access, { ...message, leave: () => false }));
  const broken = http.begin(access, {
    ...message,
    leave: () => {
      throw new Error('broken');
    },
  });
  const good = http.begin(access, message);
  for (const each of late) await expect(each.answer).rejects.toBeInstanceOf(NotLeft);
  await expect(broken.answer).rejects.toThrow('broken');
  expect(await good.answer).toMatchObject({ status: 200 });
  expect([...late, broken, good].map(({ hasLeft }) => hasLeft)).toEqual([
    ...late.map(() => false),
    false,
    true,
  ]);
  expect(connections()).toBe(1);
});

test('no answer in time ends the request and its connection, and the next goes on', async () => {
  const { access, nth } = await patientHost();
  const http = client({ timeoutMs: SHORT_MS });
  const exchange = http.begin(access, message);
  const { request } = await nth(0);
  const closed = once(request.socket, 'close');
  await expect(exchange.answer).rejects.toBeInstanceOf(TimedOut);
  await closed;
  expect(exchange.hasLeft).toBe(true);
  const next = http.begin(access, message);
  (await nth(1)).response.end('{}');
  expect(await next.answer).toMatchObject({ status: 200 });
});

test('an answer that drips for ever ends in time, however often something comes', async () => {
  const { access } = await host((_request, response) => {
    response.writeHead(200);
    const dripping = setInterval(() => response.write(' '), SHORT_MS / 10);
    response.once('close', () => clearInterval(dripping));
  });
  const { answer } = client({ timeoutMs: SHORT_MS }).begin(access, read);
  await expect(answer).rejects.toBeInstanceOf(TimedOut);
});

test('the wait for a connection counts, and nothing leaves after it', async () => {
  const bytes: Buffer[] = [];
  const silent = createTcpServer((socket) => {
    socket.on('data', (chunk) => bytes.push(chunk)).on('error', () => undefined);
    closing.push(() => socket.destroy());
  });
  // TLS is never agreed: the connection is opened and never ready.
  const origin = `https://127.0.0.1:${await listen(silent)}`;
  const access = { origin, basePath: '', accessToken: 'token' };
  const http = client({ timeoutMs: SHORT_MS, connections: 1 });
  const asked: number[] = [];
  const all = [1, 2, 3].map((n) => http.begin(access, { ...message, leave: () => asked.push(n) > 0 }));
  const ends = await Promise.allSettled(all.map(({ answer }) => answer));
  expect(ends.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  expect(asked).toEqual([]);
  expect(all.map(({ hasLeft }) => hasLeft)).toEqual([false, false, false]);
});

test('a connection that is refused, or a token that no header can hold, never left', async () => {
  const server = createTcpServer();
  const origin = `http://127.0.0.1:${await listen(server)}`;
  server.close();
  await once(server, 'close');
  const http = client();
  const refused = http.begin({ origin, basePath: '', accessToken: 'token' }, message);
  const error: unknown = await refused.answer.catch((reason: unknown) => reason);
  expect([neverLeft(error), refused.hasLeft]).toEqual([true, false]);
  const invalid = http.begin({ origin, basePath: '', accessToken: 'a\nb' }, message);
  await expect(invalid.answer).rejects.toThrow('invalid');
  expect(invalid.hasLeft).toBe(false);
});

test('of one origin no more connections are opened than allowed; another does not wait for it', async () => {
  const busy = await patientHost();
  const idle = await host((_request, response) => response.end('{}'));
  const http = client({ connections: 2 });
  const waiting = Array.from({ length: 10 }, () => http.begin(busy.access, message));
  await busy.nth(1);
  expect(await http.begin(idle.access, message).answer).toMatchObject({ status: 200 });
  for (let n = 0; n < waiting.length; n++) (await busy.nth(n)).response.end('{}');
  await Promise.all(waiting.map(({ answer }) => answer));
  expect(busy.connections()).toBe(2);
});

test('a shutdown lets what is under way and what waits come to its end', async () => {
  const { access, nth } = await patientHost();
  const http = unclosed({ connections: 1 });
  const both = [http.begin(access, message), http.begin(access, message)];
  const { response } = await nth(0);
  const shutdown = http.onApplicationShutdown();
  response.end('{}');
  (await nth(1)).response.end('{}');
  expect(await Promise.all(both.map(({ answer }) => answer))).toHaveLength(2);
  await shutdown;
  await expect(http.begin(access, message).answer).rejects.toThrow('destroyed');
});
