import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { accountAddsUp } from '../../contract/message-states.ts';
import { Erasure } from '../src/host/erasure.ts';
import { startApp, type Api, type TestApp } from './app.ts';

/** What the host switches off stays off, and what an account leaves behind goes when its time has come. */
let host: TestApp;
let api: Api;
let names = 0;

beforeAll(async () => {
  host = await startApp();
});
afterAll(() => host.stop());
beforeEach(() => {
  api = host.as('vasilek');
});

const sql = <Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
  host.database.dataSource.query(text, values);

async function smsCampaign(file: string, tenant = 'vasilek', settings = {}): Promise<number> {
  const { id } = await api.create(`Рассылка ${(names += 1)}`);
  await api.change(id, {
    method: 'sms',
    channelId: `sms-${tenant}-number`,
    text: 'Здравствуйте!',
    ratePerMinute: 300,
    ...settings,
  });
  await api.upload(id, 'main', file).expect(200);
  return id;
}

const phones = (from: number, count: number) =>
  `Телефон\r\n${Array.from({ length: count }, (_, i) => `8912${String(from + i).padStart(7, '0')}\r\n`).join('')}`;

/** A host that only counts what is handed over to it, in place of the sandbox's messaging API. */
async function countingHost(): Promise<{ server: Server; messages(): number }> {
  let count = 0;
  const server = createServer((request, response) => {
    if (request.method === 'POST' && request.url === '/v1/messages') count += 1;
    request.resume().on('end', () => response.writeHead(202).end(JSON.stringify({ id: `m${count}` })));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  await sql(`update installation set api_base_url = $1 where account_id = 2 and state = 'active'`, [
    `http://127.0.0.1:${port}`,
  ]);
  return { server, messages: () => count };
}

describe.each(['disable', 'uninstall'] as const)('%s', (call) => {
  test('nothing more leaves once it is answered, and what ran is paused with the reason', async () => {
    const id = await smsCampaign(phones(7_000_000, 60));
    await api.control(id, 'start').expect(200);
    const counting = await countingHost();
    try {
      while (counting.messages() === 0) await new Promise((resume) => setImmediate(resume));
      await host.sandbox.installs[call]('vasilek');
      const atAnswer = counting.messages();
      // Whatever was granted would have left by the end of its time.
      while (
        (await sql('select 1 from dispatch_grant where account_id = 2 and send_until > now()')).length > 0
      );
      expect(counting.messages()).toBe(atAnswer);
      expect(
        await sql('select state, pause_reason from campaign where account_id = 2 and id = $1', [id]),
      ).toEqual([{ state: 'paused', pause_reason: 'installation_disabled' }]);
    } finally {
      counting.server.close();
      counting.server.closeAllConnections();
    }
    if (call === 'disable') {
      await sql('update installation set api_base_url = $1', [host.sandbox.url]);
      await host.sandbox.installs.enable('vasilek');
    } else await host.sandbox.installs.install('vasilek');
    await api.control(id, 'resume').expect(200);
    await api.control(id, 'clear').expect(200);
  });
});

test.each(['start', 'resume'])('a %s at the very moment of the switching off is refused', async (control) => {
  const id = await smsCampaign(phones(7_100_000, 40));
  if (control === 'resume') {
    await api.control(id, 'start').expect(200);
    await api.control(id, 'pause').expect(200);
  }
  const { state } = await api.get(id);
  const runner = host.database.dataSource.createQueryRunner();
  await runner.startTransaction();
  await runner.query(`update installation set state = 'disabled' where account_id = 2 and state = 'active'`);
  const answer = api.control(id, control).then((each) => each);
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await sql(waiting)).length === 0);
  await runner.commitTransaction();
  await runner.release();
  expect((await answer).body.code).toBe('installation_inactive');
  await sql(`update installation set state = 'active' where account_id = 2 and state = 'disabled'`);
  expect((await api.get(id)).state).toBe(state);
});

describe('what an account has left behind', () => {
  const erasure = () => host.app.get(Erasure);
  const age = (days: number) =>
    sql(`update installation set updated_at = now() - make_interval(days => $1) where account_id = 2`, [
      days,
    ]);

  async function eraseAll(): Promise<void> {
    // Nothing is erased while an answer may still be written.
    const onTheWay = 'select 1 from dispatch_grant where owner is not null and lease_until > now()';
    while ((await sql(onTheWay)).length > 0) await new Promise((resume) => setTimeout(resume, 20));
    // As two processes would, beside the app's own: while that has a batch in hand there is nothing for these.
    do {
      await Promise.all([erasure().runOnce(), erasure().runOnce()]);
    } while ((await sql('select 1 from erasure where finished_at is null')).length > 0);
  }

  /** The tables in which some row holds the text, in whatever column. */
  async function holding(text: string): Promise<string[]> {
    const tables = await sql<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    );
    const found: string[] = [];
    for (const { name } of tables) {
      const rows = await sql(`select 1 from ${name} t where position($1 in t::text) > 0 limit 1`, [text]);
      if (rows.length > 0) found.push(name);
    }
    return found.sort();
  }

  test('is kept for a re-install, erased when its time has come, and leaves a receipt without personal data', async () => {
    const file = 'Телефон;Имя\r\n89126660001;Аристарх\r\n89126660002;Пульхерия\r\nнет 8912666;Агафья\r\n';
    const done = await smsCampaign(file);
    await api.control(done, 'start').expect(200);
    await api.until(done, (c) => c.state === 'completed' && c.progress.account.delivered === 2);
    host.sandbox.customers.reply({ tenant: 'vasilek', phone: '+79126660001', text: 'Стоп' });
    await api.until(done, ({ progress }) => progress.replied === 1);
    const paused = await smsCampaign(phones(6_660_000, 40));
    await api.control(paused, 'start').expect(200);
    await api.until(paused, ({ progress }) => progress.account.queued < 40);
    await api.control(paused, 'pause').expect(200);
    await sql(
      `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
       select 2, $1, 1, n, '+79126669999', false, '{}' from generate_series(100, 12099) n`,
      [paused],
    );
    await sql(`update message set detail = 'кому: +79126660001' where account_id = 2 and campaign_id = $1`, [
      done,
    ]);
    api = host.as('romashka');
    const others = await smsCampaign('Телефон;Имя\r\n89126660001;Аристарх\r\n', 'romashka');
    const before = await api.get(others);
    api = host.as('vasilek');
    expect(await holding('9126660001')).toEqual(
      expect.arrayContaining(['contact', 'inbox', 'message', 'reply', 'stop_list']),
    );
    expect(await holding('нет 8912666')).toEqual(['contact', 'list']);
    const list = `/campaigns/${done}/lists/main`;
    const { text } = await api.call('get', `${list}/refused`).buffer(true).expect(200);
    const { body: corrected } = await api
      .call('post', `${list}/corrections`)
      .set('Content-Type', 'text/csv')
      .send(text.replace('нет 8912666', '89126660003'))
      .expect(200);
    expect(corrected.correction).toMatchObject({ taken: 1 });
    expect(await holding('нет 8912666')).toEqual(['correction']);

    await host.sandbox.installs.uninstall('vasilek');
    await age(29);
    await eraseAll();
    expect(await holding('Пульхерия')).toEqual(['contact']);
    await host.sandbox.installs.install('vasilek');
    await age(31);
    await eraseAll();
    expect((await api.get(paused)).lists).toHaveLength(1);

    await host.sandbox.installs.uninstall('vasilek');
    await age(31);
    await eraseAll();
    for (const text of ['Пульхерия', 'Агафья', 'нет 8912666', '912666999', '9126660002', '9126660003'])
      expect(await holding(text)).toEqual([]);
    expect(await holding('9126660001')).toEqual(['contact']);
    const [receipt, ...more] = await sql<{ counts: Record<string, number>; finished_at: Date }>(
      'select * from erasure',
    );
    expect(more).toEqual([]);
    expect(receipt).toMatchObject({ account_id: 2, finished_at: expect.any(Date) });
    expect(receipt!.counts).toMatchObject({ reply: 1, stop_list: 1 });
    expect(receipt!.counts['provider_message']).toBeGreaterThan(0);
    expect(receipt!.counts['contact']).toBeGreaterThan(12_000);
    expect({ ...(await host.as('romashka').get(others)), asOf: before.asOf }).toEqual(before);

    await host.sandbox.installs.install('vasilek');
    for (const id of [done, paused]) {
      const { lists, progress } = await api.get(id);
      expect(lists).toEqual([]);
      expect(accountAddsUp(progress.account)).toBe(true);
      expect(progress.account).toMatchObject({ queued: 0, sending: 0, refused: id === done ? 1 : 0 });
      await api.call('get', `/campaigns/${id}/report`).expect(200);
    }
    const { body } = await api.control(done, 'restart').expect(422);
    expect(body.errors).toMatchObject([{ code: 'list_required' }]);
    await api.control(paused, 'resume').expect(200);
    await api.until(paused, ({ state }) => state === 'completed');
  });
});
