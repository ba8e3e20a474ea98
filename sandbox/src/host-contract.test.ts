import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { sms, startInstalled, whatsapp, type Installed } from '../test/installed.ts';
import { secretsOf } from './identity.ts';
import { projectRoot } from './project-root.ts';

/** The sandbox against the description that other hosts are given: what it answers and sends is what is written there. */
interface Described {
  paths: Record<string, Record<string, { responses: Record<string, Answer> }>>;
}
interface Answer {
  content?: Record<string, { schema: AnySchemaObject }>;
  headers?: Record<string, { required?: boolean }>;
}

const document = JSON.parse(
  readFileSync(join(projectRoot(), 'docs/host/openapi.json'), 'utf8'),
) as Described & AnySchemaObject;
const ajv = new Ajv2020({ strict: false, allErrors: true });
formats.default(ajv);
ajv.addSchema(document, 'host');

let host: Installed;
afterEach(() => host?.stop());

function expectValid(value: unknown, pointer: string): void {
  const validate = ajv.getSchema(`host#${pointer}`)!;
  validate(value);
  expect(validate.errors ?? []).toEqual([]);
}

const escaped = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');

/** An answer is one of those described for its operation, in status, type, headers and body. */
async function expectDescribed(method: string, path: string, answer: Response): Promise<unknown> {
  const described = document.paths[path]![method]!.responses[answer.status];
  expect([answer.status, described !== undefined]).toEqual([answer.status, true]);
  const [type] = Object.keys(described!.content!);
  expect(answer.headers.get('content-type')).toContain(type);
  for (const [name, { required }] of Object.entries(described!.headers ?? {}))
    if (required) expect(answer.headers.has(name)).toBe(true);
  const body: unknown = await answer.json();
  const at = ['paths', path, method, 'responses', String(answer.status), 'content', type!, 'schema'];
  expectValid(body, `/${at.map(escaped).join('/')}`);
  return body;
}

function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const { accessToken } = host.sandbox.identity.tenant('romashka').installation!;
  return fetch(host.sandbox.url + path, {
    method,
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      'idempotency-key': 'key-1',
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

test('the description is OpenAPI 3.1', async () => {
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors ?? []).toEqual([]);
  expect(valid).toBe(true);
});

describe('what is read', () => {
  test.each([
    ['/v1/channels', '/v1/channels'],
    ['/v1/templates', '/v1/templates?channel_id=wa-romashka-sales'],
    ['/v1/templates', '/v1/templates?channel_id=nobody'],
    ['/v1/messages', '/v1/messages?client_ref=unknown'],
    ['/v1/events', '/v1/events'],
    ['/v1/events', '/v1/events?after=unknown'],
    ['/v1/events', '/v1/events?limit=0'],
  ])('%s (%s)', async (path, address) => {
    host = await startInstalled();
    await expectDescribed('get', path, await call('GET', address));
    await expectDescribed('get', path, await call('GET', address, undefined, { authorization: 'Bearer x' }));
  });
});

test('a message: taken, repeated, looked up, and its body is as described', async () => {
  host = await startInstalled();
  for (const message of [sms(1), whatsapp(2)]) {
    expectValid(message, '/components/schemas/Message');
    const headers = { 'idempotency-key': message.client_ref };
    const first = await expectDescribed(
      'post',
      '/v1/messages',
      await call('POST', '/v1/messages', message, headers),
    );
    const again = await call('POST', '/v1/messages', message, headers);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(await expectDescribed('post', '/v1/messages', again)).toEqual(first);
    const found = await call('GET', `/v1/messages?client_ref=${message.client_ref}`);
    expect(await expectDescribed('get', '/v1/messages', found)).toMatchObject({
      data: [first && { ...(first as object), status: expect.any(String) }],
    });
  }
});

test.each([
  ['another body under the same key', { ...sms(), text: 'Другое' }, {}],
  ['no phone', { ...sms(), to: { type: 'phone', value: '12' } }, { 'idempotency-key': 'key-2' }],
  ['a channel of somebody else', { ...sms(), channel_id: 'sms-vasilek' }, { 'idempotency-key': 'key-2' }],
  ['no key', sms(), { 'idempotency-key': '' }],
  ['another token', sms(), { authorization: 'Bearer x' }],
])('a message that is refused: %s', async (_name, message, headers) => {
  host = await startInstalled();
  await call('POST', '/v1/messages', sms());
  const answer = await call('POST', '/v1/messages', message, headers as Record<string, string>);
  expect(answer.status).toBeGreaterThanOrEqual(400);
  await expectDescribed('post', '/v1/messages', answer);
});

test('webhooks and the secrets of an installation are as described', async () => {
  host = await startInstalled({
    receipts: { enabled: true, delayMs: 0, failedShare: 0, deliveredShare: 1, readShare: 1 },
  });
  await host.send();
  expectValid(
    secretsOf(host.sandbox.identity.tenant('romashka').installation!),
    '/components/schemas/Secrets',
  );
  host.sandbox.customers.reply({ tenant: 'romashka', phone: sms().to.value, text: 'Да', quote: true });
  while (!host.integration.verified().some(({ type }) => type === 'message.reply'))
    await new Promise((resume) => setImmediate(resume));
  for (const webhook of host.integration.verified()) {
    const name = webhook.type === 'message.reply' ? 'ReplyEvent' : 'StatusEvent';
    expectValid(webhook, `/components/schemas/${name}`);
  }
  const { data } = (await expectDescribed('get', '/v1/events', await call('GET', '/v1/events'))) as {
    data: unknown[];
  };
  expect(data.length).toBeGreaterThan(1);
});
