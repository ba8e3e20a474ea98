import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { CampaignSettings } from '../../../contract/campaign.ts';
import { channelOfInbox, placeOf } from '../../src/channels/chatwoot/chatwoot-access.ts';
import { connect, ConnectError, disconnect } from '../../src/channels/chatwoot/connect.ts';
import { Installations } from '../../src/channels/installations.ts';
import type { Config } from '../../src/config.ts';
import { open } from '../../src/host/secrets.ts';
import { CONFIG } from '../../src/tokens.ts';
import { startApp, type Api, type TestApp } from '../app.ts';
import { TENANT, TOKEN, type StoredConversation } from './fixtures.ts';
import { ChatwootStandIn } from './stand-in.ts';

let host: TestApp;
let api: Api;
let chatwoot: ChatwootStandIn;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
afterAll(() => host.stop());

beforeEach(async () => {
  chatwoot = await ChatwootStandIn.start();
  await connectTo(chatwoot);
});
afterEach(async () => {
  await sql('delete from chatwoot_connection');
  host.app.get(Installations).forget(await accountId());
  chatwoot.stop();
});

const sql = <T = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> =>
  host.database.dataSource.query(text, values);

const accountId = async () =>
  (await sql<{ id: number }>(`select id from account where external_id = 'romashka'`))[0]!.id;

const config = () => host.app.get<Config>(CONFIG);

const ours = async () => {
  const [account] = await sql<{ host: string }>(`select host from account where external_id = 'romashka'`);
  return { host: account!.host, tenant: 'romashka' };
};

async function connectTo(to: ChatwootStandIn, changes: object = {}) {
  const where = { url: to.url, account: TENANT, token: TOKEN, ...changes };
  const inboxes = await connect(host.database.dataSource, config(), await ours(), where);
  host.app.get(Installations).forget(await accountId());
  return inboxes;
}

/** What the card knows an inbox of this test's Chatwoot by. */
const channel = (inbox: number, of = chatwoot) => channelOfInbox(placeOf(of.url, TENANT), inbox);

const SMS: Partial<CampaignSettings> = {
  method: 'sms',
  text: 'Здравствуйте, {{Имя}}!',
  ratePerMinute: 300,
};

/** Started; its file has one row for each phone. */
async function started(
  name: string,
  phones: string[],
  settings: Partial<CampaignSettings> = SMS,
  who = 'Анна',
): Promise<number> {
  const { id } = await api.create(name);
  await api.change(id, { channelId: channel(12), ...settings });
  const rows = phones.map((phone) => `${phone};${who}`).join('\r\n');
  await api.upload(id, 'main', `Телефон;Имя\r\n${rows}\r\n`).expect(200);
  await api.control(id, 'start').expect(200);
  return id;
}

const over = (id: number) => api.until(id, ({ state }) => state === 'completed');

const messagesOf = (id: number) =>
  sql('select state, reason, provider_id from message where campaign_id = $1 order by position', [id]);

/** Of the events of this test's webhook what was kept. */
const taken = () =>
  sql(`select i.id from inbox i join chatwoot_connection c on starts_with(i.id, c.id::text)`);

/** Until the inbox has been worked off as far as `wanted`. */
async function untilRows(
  text: string,
  values: unknown[],
  wanted: (rows: Record<string, unknown>[]) => boolean,
) {
  for (;;) {
    // Ends with the test: its database is gone then.
    const rows = await sql(text, values);
    if (wanted(rows)) return rows;
    await new Promise((resume) => setTimeout(resume, 30));
  }
}

const untilState = (id: number, state: string) =>
  untilRows('select state, reason, detail from message where campaign_id = $1', [id], (rows) =>
    rows.every((row) => row['state'] === state),
  );

test('connecting looks at the inboxes, makes the webhook once and seals the secrets', async () => {
  // A slash more is no other place.
  const inboxes = await connectTo(chatwoot, { url: `${chatwoot.url}/` });
  expect(inboxes.map(({ inbox, unfit }) => [inbox.id, unfit])).toEqual([
    [11, null],
    [12, null],
    [13, null],
    [14, 'kind'],
    [15, 'kind'],
    [16, 'locked'],
    [17, 'survey'],
  ]);
  const [row] = await sql<{ id: string; access_token: Buffer; webhook_secret: Buffer }>(
    'select * from chatwoot_connection',
  );
  expect(chatwoot.webhook).toMatchObject({
    url: `${host.baseUrl}/api/webhooks/chatwoot/${row!.id}`,
    subscriptions: ['message_created', 'message_updated'],
  });
  expect(chatwoot.asked.filter(({ method, path }) => method === 'POST' && path === '/webhooks')).toHaveLength(
    1,
  );
  expect(open(row!.access_token, config().secretsKeys, row!.id)).toBe(TOKEN);
  expect(open(row!.webhook_secret, config().secretsKeys, row!.id)).toBe(chatwoot.webhook!.secret);
});

test.each<[string, object, string]>([
  ['a wrong token', { token: 'other' }, 'token of an administrator'],
  ['another account', { account: 4 }, 'token of an administrator'],
  ['nobody there', { url: 'http://localhost:1' }, 'Check the address'],
  ['no address', { url: 'chatwoot' }, 'must be an https address'],
])('%s is told in words, and nothing changes', async (_, changes, words) => {
  const before = await sql('select * from chatwoot_connection');
  await expect(connectTo(chatwoot, changes)).rejects.toThrow(words);
  await expect(connectTo(chatwoot, changes)).rejects.toBeInstanceOf(ConnectError);
  expect(await sql('select * from chatwoot_connection')).toEqual(before);
});

test('a Chatwoot that does not sign its webhooks yet is not connected', async () => {
  chatwoot.instead = ({ method, path }) =>
    method === 'POST' && path === '/webhooks'
      ? { status: 200, body: { payload: { webhook: { id: 1 } } } }
      : null;
  chatwoot.webhook = null;
  await expect(connectTo(chatwoot)).rejects.toThrow('from version 4.12 on');
});

test('the card offers the inboxes that fit, and the templates that can be sent as they are drawn', async () => {
  const { body } = await api.call('get', '/channels').expect(200);
  expect(body.data).toEqual([
    {
      id: channel(11),
      method: 'waba',
      name: 'WhatsApp',
      status: 'active',
      replies: true,
      limitPerMinute: null,
    },
    { id: channel(12), method: 'sms', name: 'SMS', status: 'active', replies: true, limitPerMinute: null },
    {
      id: channel(13),
      method: 'sms',
      name: 'Twilio',
      status: 'disconnected',
      replies: true,
      limitPerMinute: null,
    },
  ]);
  const templates = await api.call('get', `/channels/${channel(11)}/templates`).expect(200);
  expect(templates.body.data.map(({ id }: { id: string }) => id)).toEqual(['visit_reminder:ru']);
});

test('each message is a conversation that is resolved from the start, its contact found or added', async () => {
  chatwoot.contacts.set('+79127770002', 5);
  const settings: Partial<CampaignSettings> = {
    method: 'waba',
    channelId: channel(11),
    templateId: 'visit_reminder:ru',
    ratePerMinute: 300,
    bindings: {
      'header.1': { kind: 'text', text: '12 мая' },
      'body.1': { kind: 'column', column: 'Имя', fallback: '' },
      'body.2': { kind: 'text', text: '12:30' },
      'button.1.1': { kind: 'text', text: '77' },
    },
  };
  const id = await started('Запись', ['89127770001', '89127770002'], settings);
  await over(id);
  expect(chatwoot.conversations.map(({ phone, status, inbox }) => ({ phone, status, inbox }))).toEqual([
    { phone: '+79127770001', status: 'resolved', inbox: 11 },
    { phone: '+79127770002', status: 'resolved', inbox: 11 },
  ]);
  expect(chatwoot.conversations[0]!.messages).toMatchObject([
    {
      content: 'Запись 12 мая\nАнна, ждём вас в 12:30.\nКлиника «Ромашка»',
      content_attributes: { mass_messaging: `${await accountId()}:${id}:1:1` },
    },
  ]);
  expect(chatwoot.templateParams[1]).toMatchObject({
    name: 'visit_reminder',
    processed_params: { header: { 1: '12 мая' }, body: { 1: 'Анна', 2: '12:30' } },
  });
  expect(chatwoot.contacts.size).toBe(2);
  expect(await messagesOf(id)).toEqual(
    chatwoot.conversations.map((each) => ({ state: 'sent', reason: null, provider_id: String(each.id) })),
  );
  expect(await sql('select 1 from send_attempt')).toEqual([]);
});

test('what Chatwoot hears of the message comes by its webhooks, however often and in whatever order', async () => {
  const id = await started('Судьба', ['89127770001']);
  await over(id);
  const [sent] = chatwoot.conversations;
  const [message] = sent!.messages;
  message!.status = 'read';
  expect(await chatwoot.tell('message_updated', sent!, message!)).toBe(202);
  await untilState(id, 'read');
  message!.status = 'delivered';
  for (let nth = 0; nth < 3; nth += 1)
    expect(await chatwoot.tell('message_updated', sent!, message!)).toBe(202);
  await untilRows(
    'select delivered_at from message where campaign_id = $1',
    [id],
    ([row]) => row!['delivered_at'] !== null,
  );
  expect(await messagesOf(id)).toMatchObject([{ state: 'read' }]);
  expect(await taken()).toHaveLength(2);
});

test.each([
  ['131026: Message undeliverable', 'recipient_unreachable'],
  ['131050: User has stopped marketing messages', 'recipient_opted_out'],
  ['132001: Template name does not exist in the translation', 'refused'],
])('a failure is told in the provider’s words: %s', async (words, reason) => {
  const id = await started(`Отказ ${words}`, ['89127770001']);
  await over(id);
  const sent = chatwoot.conversations.at(-1)!;
  Object.assign(sent.messages[0]!, { status: 'failed' });
  sent.messages[0]!.content_attributes['external_error'] = words;
  await chatwoot.tell('message_updated', sent, sent.messages[0]!);
  expect(await untilState(id, 'failed')).toMatchObject([{ reason, detail: words }]);
});

test('the answer begins the chat; a note there says what it answers, once', async () => {
  const id = await started('Вопрос', ['89127770009']);
  await over(id);
  const [sent] = chatwoot.conversations;
  const replied = async (words: string) => {
    const { conversation, message } = chatwoot.answer(sent!, words);
    expect(await chatwoot.tell('message_created', conversation, message)).toBe(202);
    await untilRows(
      'select 1 from reply where campaign_id = $1 and text = $2 and chat_id is not null',
      [id, words],
      (rows) => rows.length > 0,
    );
    return conversation;
  };
  const chat = await replied('Да, приду');
  await replied('А где вы?');
  expect(chat).not.toBe(sent);
  expect(chat.messages.map(({ content, private: isNote }) => [content, isNote])).toEqual([
    ['Да, приду', false],
    ['**Вопрос**\n\nЗдравствуйте, Анна!', true],
    ['А где вы?', false],
  ]);
  expect(await sql('select distinct chat_id from reply where campaign_id = $1', [id])).toEqual([
    { chat_id: String(chat.id) },
  ]);
  expect(sent!.messages).toHaveLength(1);
});

test('a note, an operator’s message and another inbox’s events are no receipts', async () => {
  const id = await started('Чужое', ['89127770010']);
  await over(id);
  const [sent] = chatwoot.conversations;
  const operators = chatwoot.add(sent!, { content: 'Алло', status: 'failed' });
  const note = chatwoot.add(sent!, { content: 'Звонил', private: true });
  for (const message of [operators, note])
    expect(await chatwoot.tell('message_created', sent!, message)).toBe(202);
  expect(await chatwoot.tell('conversation_created', sent!, operators)).toBe(202);
  expect(await messagesOf(id)).toMatchObject([{ state: 'sent' }]);
  expect(await taken()).toEqual([]);
});

test('a lost answer is never asked for again: the webhook settles the doubt', async () => {
  chatwoot.instead = ({ path }) => (path === '/conversations' ? 'cut' : null);
  const id = await started('Обрыв', ['89127770011', '89127770012']);
  await over(id);
  expect(await messagesOf(id)).toEqual(
    Array(2).fill({ state: 'unknown', reason: 'no_answer', provider_id: null }),
  );
  for (const each of chatwoot.conversations) await chatwoot.tell('message_created', each, each.messages[0]!);
  await untilState(id, 'sent');
  expect(chatwoot.askedFor('/conversations')).toHaveLength(2);
});

test('another Chatwoot has other contacts, also under the same numbers', async () => {
  const phone = '+79127770025';
  chatwoot.contacts.set(phone, 71);
  await over(await started('Первый', [phone]));
  const other = await ChatwootStandIn.start();
  other.contacts.set('+79990000000', 71).set(phone, 72);
  await connectTo(other);
  await over(await started('Второй', [phone], { ...SMS, channelId: channel(12, other) }));
  expect(other.conversations.map((each) => each.phone)).toEqual([phone]);
  other.stop();
});

test('a contact that was removed there is added again, and the message goes out', async () => {
  const phones = ['89127770013'];
  await over(await started('Раз', phones));
  chatwoot.contacts.clear();
  const id = await started('Два', phones);
  await over(id);
  expect(await messagesOf(id)).toMatchObject([{ state: 'sent' }]);
  expect(chatwoot.conversations).toHaveLength(2);
});

test('a trouble before the message leaves it in the queue, without an attempt used', async () => {
  let failures = 2;
  chatwoot.instead = ({ path }) =>
    path.startsWith('/contacts') && failures-- > 0 ? { status: 500, body: { error: 'sorry' } } : null;
  const id = await started('Перебой', ['89127770014']);
  await over(id);
  expect(await sql('select state, attempt, in_doubt from message where campaign_id = $1', [id])).toEqual([
    { state: 'sent', attempt: 0, in_doubt: false },
  ]);
});

test.each<[string, { status: number; body: object }, object]>([
  [
    'the token was taken back',
    { status: 401, body: { error: 'Invalid Access Token' } },
    { pauseReason: 'credentials' },
  ],
  ['the agent may not see the inbox', { status: 403, body: {} }, { pauseReason: 'credentials' }],
])('%s: the campaign pauses itself', async (name, said, paused) => {
  chatwoot.instead = ({ path }) => (path === '/conversations' ? said : null);
  const id = await started(`Пауза: ${name}`, ['89127770015']);
  expect(await api.until(id, ({ state }) => state === 'paused')).toMatchObject(paused);
  expect(chatwoot.conversations).toEqual([]);
});

test('what Chatwoot refuses is refused in its words', async () => {
  chatwoot.instead = ({ path }) =>
    path === '/conversations' ? { status: 422, body: { error: 'source_id should be unique' } } : null;
  const id = await started('Отказано', ['89127770016']);
  await over(id);
  expect(await sql('select state, reason, detail from message where campaign_id = $1', [id])).toEqual([
    { state: 'failed', reason: 'refused', detail: 'source_id should be unique' },
  ]);
});

test('a text that Chatwoot would fill in itself is not sent', async () => {
  const id = await started('Скобки', ['89127770017'], SMS, '{{contact.email}}');
  await over(id);
  expect(await messagesOf(id)).toMatchObject([{ state: 'failed', reason: 'refused' }]);
  expect(chatwoot.conversations).toEqual([]);
});

test.each<[string, Parameters<ChatwootStandIn['tell']>[3], number]>([
  ['another secret', { secret: 'x'.repeat(24) }, 401],
  ['six minutes ago', { aheadMs: -360_000 }, 401],
  ['six minutes ahead', { aheadMs: 360_000 }, 401],
  ['another body', { sent: (body) => body.replace('message_created', 'message_updated') }, 401],
])('a call that is not Chatwoot’s is refused: %s', async (_, changes, status) => {
  const of: StoredConversation = { id: 1, inbox: 11, phone: '+79127770018', status: 'open', messages: [] };
  const before = await sql('select count(*)::int as n from inbox');
  expect(await chatwoot.tell('message_created', of, chatwoot.add(of, { message_type: 0 }), changes)).toBe(
    status,
  );
  expect(await sql('select count(*)::int as n from inbox')).toEqual(before);
});

test.each(['x', '6f3a2c1e-0000-4000-8000-000000000000'])('no connection has the address %s', async (id) => {
  const of: StoredConversation = { id: 1, inbox: 11, phone: '+79127770018', status: 'open', messages: [] };
  const url = `${host.baseUrl}/api/webhooks/chatwoot/${id}`;
  expect(await chatwoot.tell('message_created', of, chatwoot.add(of, {}), { url })).toBe(404);
});

test('a run stays with the one it began with; the next begins with the new one', async () => {
  await disconnect(host.database.dataSource, await ours());
  host.app.get(Installations).forget(await accountId());
  const phones = ['89127770019', '89127770020', '89127770021'];
  const before = host.sandbox.ledger.stats().accepted;
  const first = await started('Хост', phones, {
    ...SMS,
    channelId: 'sms-romashka-number',
    ratePerMinute: 60,
  });
  await connectTo(chatwoot);
  await over(first);
  expect(host.sandbox.ledger.stats().accepted - before).toBe(3);
  expect(chatwoot.conversations).toEqual([]);
  const second = await started('Chatwoot', phones.slice(0, 1));
  await over(second);
  expect(chatwoot.conversations).toHaveLength(1);
  await disconnect(host.database.dataSource, await ours());
  host.app.get(Installations).forget(await accountId());
  const { body } = await api.call('get', '/channels').expect(200);
  expect(body.data.map(({ id }: { id: string }) => id)).toContain('sms-romashka-number');
});

test('connected to another Chatwoot, what runs does not go on through an inbox of the same number there', async () => {
  const phones = ['89127770026', '89127770027', '89127770028'];
  const id = await started('Переезд', phones, { ...SMS, ratePerMinute: 60 });
  await untilRows(
    'select 1 from message where campaign_id = $1 and state = $2',
    [id, 'sent'],
    (rows) => rows.length > 0,
  );
  const other = await ChatwootStandIn.start();
  await connectTo(other);
  expect(await api.until(id, ({ state }) => state === 'paused')).toMatchObject({
    pauseReason: 'sender_blocked',
  });
  expect(other.conversations).toEqual([]);
  other.stop();
});

test('once cut off, what runs through Chatwoot pauses itself and nothing is lost', async () => {
  const id = await started('Отключение', ['89127770022', '89127770023', '89127770024'], {
    ...SMS,
    ratePerMinute: 60,
  });
  await untilRows(
    'select 1 from message where campaign_id = $1 and state = $2',
    [id, 'sent'],
    (rows) => rows.length > 0,
  );
  await disconnect(host.database.dataSource, await ours());
  host.app.get(Installations).forget(await accountId());
  expect(await api.until(id, ({ state }) => state === 'paused')).toMatchObject({
    pauseReason: 'installation_disabled',
  });
  const states = (await messagesOf(id)).map(({ state }) => state);
  expect(states.filter((state) => state === 'sent')).toHaveLength(chatwoot.conversations.length);
  expect(states.filter((state) => state === 'queued')).toHaveLength(3 - chatwoot.conversations.length);
});
