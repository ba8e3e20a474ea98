import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ChatOpener } from '../src/receipts/chat-opener.ts';
import { InboxProcessor } from '../src/receipts/inbox-processor.ts';
import { startApp, type TestApp } from './app.ts';
import { hostDouble, type HostDouble } from './host-double.ts';

/** Chats of customers who answered, where a host does not answer, refuses, or is switched off. */
let host: TestApp;
const campaigns: Record<number, number> = {};
let silent: HostDouble | null = null;

beforeAll(async () => {
  // A call that is not answered hangs until its test lets it go.
  host = await startApp({ REQUEST_TIMEOUT_MS: '60000' });
  for (const [account, tenant] of [
    [1, 'romashka'],
    [2, 'vasilek'],
  ] as const) {
    const api = host.as(tenant);
    const { id } = await api.create('Осень');
    await api.change(id, {
      method: 'sms',
      channelId: `sms-${tenant}-number`,
      text: 'Привет',
      ratePerMinute: 300,
    });
    await api.upload(id, 'main', 'Телефон\r\n89127770001\r\n').expect(200);
    await api.control(id, 'start').expect(200);
    await api.until(id, ({ state }) => state === 'completed');
    campaigns[account] = id;
  }
});
afterEach(async () => {
  await silent?.close();
  silent = null;
  await sql('delete from reply');
});
afterAll(() => host.stop());

const sql = <Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
  host.database.dataSource.query(text, values);
const opener = () => host.app.get(ChatOpener);

/** Answers to the one message of the account's campaign; due at once, or in an hour. */
function replies(account: number, count: number, channel: string, due = 'now()'): Promise<unknown> {
  return sql(
    `insert into reply (account_id, id, campaign_id, run, position, channel_id, phone, text, occurred_at, chat_due_at)
     select $1::int, 'r' || $1::int || '-' || n, $2, 1, 1, $3, '+79127770001', 'Да', now(), ${due} from generate_series(1, $4) n`,
    [account, campaigns[account], channel, count],
  );
}

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resume) => setTimeout(resume, 20));
}

const openChats = async (account: number) =>
  (await sql('select 1 from reply where account_id = $1 and chat_id is not null', [account])).length;

test('a host that does not answer delays its own chats only, and is not asked about all of them', async () => {
  const { asked } = (silent = await hostDouble(host, 2));
  await replies(2, 80, 'sms-vasilek-number', `now() - interval '1 hour'`);
  await until(() => asked.length > 0);
  await replies(1, 30, 'sms-romashka-number');
  await until(async () => (await openChats(1)) === 30);
  expect(asked.length).toBeLessThanOrEqual(4);
  for (const { response } of asked) response.destroy();
  await until(
    async () => (await sql('select 1 from reply where account_id = 2 and chat_due_at <= now()')).length === 0,
  );
  // Each that was asked about is put off by its own answer, the others with it.
  await until(
    async () =>
      (await sql('select 1 from reply where account_id = 2 and chat_tries > 0')).length === asked.length,
  );
  expect(asked.length).toBeLessThanOrEqual(4);
});

test('after any number of tries the next one is at most ten minutes away', async () => {
  await replies(2, 1, 'no-such-channel', `now() + interval '1 hour'`);
  await sql('update reply set chat_tries = 5000, chat_due_at = now() where account_id = 2');
  await until(async () => (await sql('select 1 from reply where chat_tries = 5001')).length === 1);
  expect(
    await sql(
      `select 1 from reply where chat_due_at between now() + interval '9 minutes' and now() + interval '11 minutes'`,
    ),
  ).toHaveLength(1);
});

test('where the app is switched off nothing is asked and nothing counts as a try', async () => {
  await host.sandbox.installs.disable('vasilek');
  await replies(2, 2, 'sms-vasilek-number');
  expect(await opener().runOnce()).toBe(0);
  expect(await sql('select chat_tries from reply')).toEqual([{ chat_tries: 0 }, { chat_tries: 0 }]);
  await host.sandbox.installs.enable('vasilek');
  await until(async () => (await openChats(2)) === 2);
});

test('a chat that was refused for seven days is given up, and the campaign’s history says so', async () => {
  await replies(2, 2, 'no-such-channel', `now() + interval '1 hour'`);
  await sql(`update reply set received_at = now() - interval '6 days' where id = 'r2-1'`);
  await sql(`update reply set received_at = now() - interval '8 days' where id = 'r2-2'`);
  await sql('update reply set chat_due_at = now()');
  await until(async () => (await sql('select 1 from reply where chat_tries = 1')).length === 2);
  expect(await sql('select id from reply where chat_given_up_at is not null')).toEqual([{ id: 'r2-2' }]);
  const { body } = await host.as('vasilek').call('get', `/campaigns/${campaigns[2]}/history`).expect(200);
  expect(body.data.filter(({ action }: { action: string }) => action === 'chat_given_up')).toMatchObject([
    { by: 'system', reason: '…0001: the host answered 422' },
  ]);
  await sql('update reply set chat_due_at = now()');
  await until(async () => (await sql('select 1 from reply where chat_tries = 2')).length === 1);
  expect(await sql(`select chat_tries from reply where id = 'r2-2'`)).toEqual([{ chat_tries: 1 }]);
});

test('a reply that answers no message of ours yet waits, longer each time', async () => {
  const body = {
    type: 'message.reply',
    data: {
      message_id: 'in_1',
      channel_id: 'sms-vasilek-number',
      from: { type: 'phone', value: '+79129999999' },
      content: { type: 'text', text: 'Да' },
      occurred_at: '2026-11-24T10:00:00Z',
    },
  };
  await sql(`insert into inbox (account_id, id, body) values (2, 'early', $1)`, [JSON.stringify(body)]);
  const inbox = host.app.get(InboxProcessor);
  await until(async () => {
    await inbox.runOnce();
    return (
      (await sql(`select 1 from inbox where id = 'early' and tries = 1 and next_try_at > now()`)).length === 1
    );
  });
  await sql(`update inbox set tries = 9, next_try_at = now() where id = 'early'`);
  await until(
    async () =>
      (await sql(`select 1 from inbox where id = 'early' and processed_at is not null`)).length === 1,
  );
});
