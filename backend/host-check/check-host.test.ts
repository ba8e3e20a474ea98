import { createSecretKey } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { startInstalled, type Installed } from '../../sandbox/test/installed.ts';
import type { Overrides } from '../../sandbox/src/tokens.ts';
import { checkHost } from './check-host.ts';
import type { HeardWebhook } from './our-side.ts';

let sandbox: Installed;
afterEach(() => sandbox.stop());

type Json = Record<string, unknown>;

/** One thing that is wrong with a host that is right otherwise. */
interface Flaw {
  token?: () => Overrides;
  /** Changes answers to requests such as `GET /v1/events`. */
  answer?: (request: string, status: number, body: Json, sent: Json) => [number, Json] | undefined;
  request?: (headers: Headers) => void;
  webhook?: (webhook: HeardWebhook) => HeardWebhook;
}

const seconds = () => Math.floor(Date.now() / 1000);
const data = (body: Json) => body['data'] as Json[];

const TOKEN = 'the session token is one we take';
const CHANNELS = 'the channels are listed';
const STRANGER = 'another access token is refused';
const SEND = 'a message is taken';
const REPEAT = 'the same key sends nothing twice';
const MISMATCH = 'a key with another body is refused';
const PHONE = 'a number that is none is refused as such';
const LOOK_UP = 'a message is found by our reference';
const RECEIPT = 'its receipt arrives, signed, by webhook';
const TEMPLATES = 'the templates are listed';
const REPLY = 'an answer arrives by webhook';
const CHAT = 'a chat is opened, and once';
const FEED = 'the feed tells the same, oldest first';

/** Every answer to this request becomes another. */
const on =
  (path: string, change: (body: Json, status: number, sent: Json) => [number, Json]): Flaw['answer'] =>
  (request, status, body, sent) =>
    request === path ? change(body, status, sent) : undefined;

test.each<[string, Flaw, string[]]>([
  ['nothing', {}, []],
  ['a token for somebody else', { token: () => ({ claims: { aud: 'other' } }) }, [TOKEN]],
  ['a token without an end', { token: () => ({ claims: { exp: undefined } }) }, [TOKEN]],
  ['a token that nobody signed', { token: () => ({ header: { alg: 'none' }, key: null }) }, [TOKEN]],
  ['a token that lives too long', { token: () => ({ claims: { exp: seconds() + 900 } }) }, [TOKEN]],
  ['a token without a user', { token: () => ({ claims: { sub: undefined } }) }, [TOKEN]],
  ['a token of the lifecycle', { token: () => ({ header: { typ: 'host-lifecycle+jwt' } }) }, [TOKEN]],
  [
    'channels that are no list',
    { answer: on('GET /v1/channels', (b, s) => [s, s === 200 ? {} : b]) },
    [CHANNELS],
  ],
  [
    'anybody may look',
    { answer: on('GET /v1/channels', (b, s) => (s === 401 ? [200, b] : [s, b])) },
    [STRANGER],
  ],
  [
    '200 in place of 202',
    { answer: on('POST /v1/messages', (b, s) => [s === 202 ? 200 : s, b]) },
    [SEND, REPEAT, LOOK_UP],
  ],
  [
    'keys that mean nothing',
    {
      request: (headers) =>
        headers.has('idempotency-key') && headers.set('idempotency-key', crypto.randomUUID()),
    },
    [REPEAT, MISMATCH, CHAT],
  ],
  [
    'a wrong number is a wrong request',
    {
      answer: on('POST /v1/messages', (b, s) =>
        b['code'] === 'recipient_invalid' ? [400, { code: 'invalid' }] : [s, b],
      ),
    },
    [PHONE],
  ],
  ['no look-up', { answer: on('GET /v1/messages', () => [404, {}]) }, [LOOK_UP]],
  [
    'a webhook nobody signed',
    { webhook: ({ headers, body }) => ({ body, headers: { ...headers, 'webhook-signature': 'v1,AAAA' } }) },
    [RECEIPT, REPLY],
  ],
  [
    'a webhook of an hour ago',
    {
      webhook: ({ headers, body }) => ({
        body,
        headers: { ...headers, 'webhook-timestamp': String(seconds() - 3600) },
      }),
    },
    [RECEIPT, REPLY],
  ],
  [
    'a webhook without our reference',
    { webhook: ({ headers, body }) => ({ headers, body: body.replaceAll('client_ref', 'ref') }) },
    [RECEIPT],
  ],
  [
    'templates without variables',
    {
      answer: on('GET /v1/templates', (b, s) => [
        s,
        { data: data(b).map((each) => ({ ...each, variables: undefined })) },
      ]),
    },
    [TEMPLATES],
  ],
  [
    'an answer without its words of the contract',
    { webhook: ({ headers, body }) => ({ headers, body: body.replaceAll('"from"', '"sender"') }) },
    [REPLY],
  ],
  ['no chats', { answer: on('POST /v1/chats', () => [404, {}]) }, [CHAT]],
  [
    'a second chat for the same answer',
    { answer: on('POST /v1/chats', (b, s) => [s, { ...b, id: crypto.randomUUID() }]) },
    [CHAT],
  ],
  ['no feed', { answer: on('GET /v1/events', () => [404, {}]) }, [FEED]],
  [
    'the newest first',
    {
      // By their times: what happens within one millisecond has no order to be turned round.
      answer: on('GET /v1/events', (b, s) => [
        s,
        {
          ...b,
          data: data(b).map((each, n) => ({
            ...each,
            data: { ...(each['data'] as Json), occurred_at: new Date(-n * 1000).toISOString() },
          })),
        },
      ]),
    },
    [FEED],
  ],
  [
    'other ids in the feed',
    {
      answer: on('GET /v1/events', (b, s) => [
        s,
        { ...b, data: data(b).map((each, n) => ({ ...each, id: `e${n}` })) },
      ]),
    },
    [FEED],
  ],
  [
    'a feed that stands still',
    {
      answer: on('GET /v1/events', (b, s) => [
        s,
        { ...b, next: 'a', data: [{ id: 'e', type: 't', data: {} }] },
      ]),
    },
    [FEED],
  ],
])('%s: what fails is what is wrong', async (_what, flaw, expected) => {
  sandbox = await startInstalled({
    receipts: { enabled: true, delayMs: 5, failedShare: 0, deliveredShare: 1, readShare: 0 },
  });
  const findings = await checkHost(flawed(flaw));
  const failed = findings.filter(({ passed }) => !passed);
  expect(failed.map(({ what, advice }) => (expected.includes(what) ? what : advice))).toEqual(expected);
  expect(findings).toHaveLength(13);
});

test('a host that asks to wait and does not say for how long is told so', async () => {
  sandbox = await startInstalled();
  const host = flawed({ answer: on('GET /v1/channels', () => [503, {}]) });
  const findings = await checkHost({
    ...host,
    heard: () => Promise.resolve([]),
    replied: () => Promise.resolve([]),
  });
  expect(findings.find(({ what }) => what === CHANNELS)!.advice).toContain('without a Retry-After');
});

function flawed({ token, answer, request, webhook }: Flaw): Parameters<typeof checkHost>[0] {
  const host = sandbox.sandbox;
  const isReply = (body: string) => body.includes('"message.reply"');
  const webhooks = () =>
    sandbox.integration.webhooks.map(({ headers, body }) => {
      const heard = { headers: headers as Record<string, string>, body };
      return webhook?.(heard) ?? heard;
    });
  const { accessToken, webhookSecret, sessionKey } = host.identity.tenant('romashka').installation!;
  const key = { kid: '', alg: 'HS256' as const, key: createSecretKey(Buffer.from(sessionKey!, 'base64url')) };
  return {
    level: 3,
    session: {
      token: host.tokens.session('romashka', { user: 'u-1' }, token?.()).token,
      issuer: host.url,
      audience: 'mass-messaging',
      maxTtlSeconds: 300,
      key,
    },
    install: null,
    page: null,
    api: { baseUrl: host.url, accessToken, webhookSecret },
    channel: 'sms-romashka-number',
    phone: '+79120000001',
    templateChannel: 'wa-romashka-sales',
    fetch: async (address, init) => {
      const headers = new Headers(init?.headers);
      request?.(headers);
      const real = await fetch(address, { ...init, headers });
      const body = (await real.json()) as Json;
      const name = `${init?.method} ${new URL(String(address)).pathname}`;
      const sent = JSON.parse(String(init?.body ?? '{}')) as Json;
      const [status, changed] = answer?.(name, real.status, body, sent) ?? [real.status, body];
      return new Response(JSON.stringify(changed), { status });
    },
    heard: async () => {
      await sandbox.integration.received((all) => all.length >= 2);
      return webhooks().filter(({ body }) => !isReply(body));
    },
    replied: async () => {
      const reply = {
        tenant: 'romashka',
        phone: '+79120000001',
        channel_id: 'sms-romashka-number',
        text: 'Да',
      };
      await fetch(`${host.url}/sandbox/reply`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(reply),
      });
      await sandbox.integration.received((all) => all.some(({ body }) => isReply(body)));
      return webhooks().filter(({ body }) => isReply(body));
    },
  };
}
