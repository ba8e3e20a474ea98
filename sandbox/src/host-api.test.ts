import { afterEach, expect, test } from '@jest/globals';
import { sms, startInstalled, whatsapp, type Installed } from '../test/installed.ts';

let host: Installed;
afterEach(() => host.stop());

test('the same key with the same body is answered the same and accepted once', async () => {
  host = await startInstalled();
  const first = await host.send();
  const second = await host.send();
  expect(first.status).toBe(202);
  expect(first.body).toMatchObject({ client_ref: 'acc:7:1:1', status: 'queued' });
  expect(second.body).toEqual(first.body);
  expect(second.headers.get('idempotency-replayed')).toBe('true');
  expect(host.sandbox.ledger.stats()).toMatchObject({ accepted: 1, replays: 1, sentTwice: 0 });
});

test('the same key with another body is refused', async () => {
  host = await startInstalled();
  await host.send();
  const other = await host.send({ text: 'Другое' });
  expect([other.status, other.body.code]).toEqual([422, 'idempotency_mismatch']);
});

test('the same key while the first is still running is a conflict', async () => {
  host = await startInstalled({ latencyMs: 50 });
  const answers = await Promise.all([host.send(), host.send()]);
  expect(answers.map(({ status }) => status).sort()).toEqual([202, 409]);
  expect(host.sandbox.ledger.size).toBe(1);
});

test('a second key for the same reference, and a second message to one phone, count as sent twice', async () => {
  host = await startInstalled();
  await host.send({}, 'key-1');
  await host.send({}, 'key-2');
  await host.send({ client_ref: 'acc:7:1:9' });
  await host.send({ client_ref: 'acc:7:2:1', campaign_ref: 'acc:7:2' });
  expect(host.sandbox.ledger.stats('romashka', 'acc:7:1')).toMatchObject({
    accepted: 3,
    distinctRefs: 2,
    distinctPhones: 1,
    sentTwiceByRef: 1,
    sentTwiceByPhone: 1,
    sentTwice: 2,
  });
  expect(host.sandbox.ledger.stats('romashka', 'acc:7:2').sentTwice).toBe(0);
});

test.each([
  ['no phone in E.164', { to: { type: 'phone' as const, value: '89120000001' } }, 422, 'recipient_invalid'],
  ['a channel of another account', { channel_id: 'sms-vasilek' }, 403, 'sender_blocked'],
  ['an SMS without text', { text: '' }, 400, 'invalid'],
  ['WhatsApp without a template', { channel_id: 'wa-romashka-sales' }, 422, 'template_mismatch'],
])('%s is refused', async (_, change, status, code) => {
  host = await startInstalled();
  const answer = await host.send(change);
  expect([answer.status, answer.body.code]).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(host.sandbox.ledger.size).toBe(0);
});

test.each([
  ['a missing variable', { variables: { 'body.1': 'Анна' } }, 'template_mismatch'],
  ['an empty variable', { variables: { 'body.1': 'Анна', 'body.2': ' ' } }, 'template_mismatch'],
  [
    'a variable too many',
    { variables: { 'body.1': 'А', 'body.2': 'Б', 'body.3': 'В' } },
    'template_mismatch',
  ],
  ['an old version', { version: 0 }, 'template_mismatch'],
  ['an unknown template', { id: 'tpl-vasilek-bonus' }, 'template_not_found'],
  ['a paused template', { id: 'tpl-romashka-winter-sale' }, 'template_paused'],
])('%s is refused', async (_, change, code) => {
  host = await startInstalled();
  const body = whatsapp();
  const answer = await host.call(
    'POST',
    '/v1/messages',
    { ...body, template: { ...body.template, ...change } },
    { 'idempotency-key': 'k' },
  );
  expect([answer.status, answer.body.code]).toEqual([422, code]);
});

test('a template is kept as the customer reads it', async () => {
  host = await startInstalled();
  await host.call('POST', '/v1/messages', whatsapp(), { 'idempotency-key': 'k' });
  const { body } = await host.call('GET', '/sandbox/ledger?tenant=romashka&campaign_ref=acc:7:1');
  expect(body.total).toBe(1);
  expect(body.data[0].text).toBe(
    'Здравствуйте, Анна! Ваш заказ А-1 готов к выдаче. Ждём вас сегодня до 21:00.',
  );
});

test('channels and templates are those of the account; an SMS sender has no templates', async () => {
  host = await startInstalled();
  const channels = (await host.call('GET', '/v1/channels')).body.data;
  expect(channels.map((c: { type: string }) => c.type)).toEqual(['whatsapp', 'whatsapp', 'sms', 'sms']);
  const templates = (await host.call('GET', '/v1/templates?channel_id=wa-romashka-sales')).body.data;
  for (const { variables } of templates) {
    for (const variable of variables) expect(variable).toMatchObject({ example: expect.any(String) });
  }
  expect((await host.call('GET', '/v1/templates?channel_id=sms-romashka')).body.data).toEqual([]);
  expect((await host.call('GET', '/v1/templates?channel_id=wa-vasilek-shop')).status).toBe(404);
});

test('a message is found by our reference', async () => {
  host = await startInstalled();
  const { body } = await host.send();
  const found = await host.call('GET', '/v1/messages?client_ref=acc:7:1:1');
  expect(found.body.data).toEqual([body]);
  expect((await host.call('GET', '/v1/messages?client_ref=acc:7:1:2')).body.data).toEqual([]);
});

test('a chat is opened once per key and shows the message and the reply', async () => {
  host = await startInstalled();
  const chat = {
    channel_id: 'sms-romashka-number',
    phone: '+79120000001',
    campaign: { ref: 'acc:7:1', name: 'Осень' },
    message: { text: 'Привет!', client_ref: 'acc:7:1:1', sent_at: null },
    reply: { id: 'in_1', text: 'Да', occurred_at: new Date().toISOString() },
  };
  const open = () => host.call('POST', '/v1/chats', chat, { 'idempotency-key': 'chat-1' });
  const first = await open();
  expect(first.status).toBe(201);
  expect((await open()).body).toEqual(first.body);
  const { body } = await host.call('GET', '/sandbox/chats?tenant=romashka');
  expect(body.chats).toHaveLength(1);
  expect(body.chats[0]).toMatchObject({
    campaign: 'Осень',
    message: { text: 'Привет!' },
    bubbles: [{ text: 'Да' }],
  });
  expect((await host.call('GET', '/sandbox/chats?tenant=vasilek')).body.chats).toEqual([]);
});

test.each([
  ['rate429', { rate429: 1, retryAfterSeconds: 3 }, 429, '3'],
  ['rate503', { rate503: 1 }, 503, '1'],
  ['rate500', { rate500: 1 }, 500, null],
  ['refuseShare', { refuseShare: 1 }, 422, null],
  ['stopCode', { stopCode: 'balance' as const }, 402, null],
])('%s answers without accepting', async (_, settings, status, retryAfter) => {
  host = await startInstalled(settings);
  const answer = await host.send();
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([status, retryAfter]);
  expect(host.sandbox.ledger.size).toBe(0);
});

test('a connection reset after accepting leaves the message accepted, and a repeat is a replay', async () => {
  host = await startInstalled({ resetAfterAccept: 1 });
  await expect(host.send()).rejects.toThrow();
  expect(host.sandbox.ledger.size).toBe(1);
  expect((await host.send()).headers.get('idempotency-replayed')).toBe('true');
});

test.each([
  [{ hangAfterAccept: 1 }, 1],
  [{ silentShare: 1 }, 0],
])('%j gives no answer and accepts %i', async (settings, accepted) => {
  host = await startInstalled(settings);
  const token = host.sandbox.identity.tenant('romashka').installation!.accessToken;
  const answer = fetch(`${host.sandbox.url}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      'idempotency-key': 'k',
    },
    body: JSON.stringify(sms()),
    signal: AbortSignal.timeout(200),
  });
  await expect(answer).rejects.toThrow(/timeout/);
  expect(host.sandbox.ledger.size).toBe(accepted);
});

test('told to know no keys, it accepts a repeat as another message, and the ledger says so', async () => {
  host = await startInstalled({ honourKeys: false });
  await host.send();
  expect((await host.send()).status).toBe(202);
  expect(host.sandbox.ledger.stats()).toMatchObject({ accepted: 2, sentTwice: 1 });
});

test('a wrong setting is named and changes nothing', async () => {
  host = await startInstalled();
  const before = host.sandbox.settings.get();
  for (const patch of [{ latencyMs: 1, rate429: 2 }, { receipts: { readShare: 'x' } }, { nope: 1 }]) {
    const answer = await host.call('PUT', '/sandbox/settings', patch);
    expect(answer.status).toBe(422);
  }
  expect(host.sandbox.settings.get()).toBe(before);
  await host.call('GET', '/sandbox/settings');
  const changed = await host.call('PUT', '/sandbox/settings', { customers: { replyShare: 1 } });
  expect(changed.body.customers).toMatchObject({ replyShare: 1, delayMs: 0 });
});
