import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { LengthsRequest, Preview } from '../../contract/campaign.ts';
import { LengthsSchema, type Lengths } from '../../contract/lengths.ts';
import { startApp, windows1251, type Api, type TestApp } from './app.ts';

/** The length of messages on real rows, through the API, counted by the worker over PostgreSQL. */
let host: TestApp;
let api: Api;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
afterAll(() => host.stop());

let names = 0;

async function smsCampaign(text: string, main: string, additional?: string): Promise<number> {
  const { id } = await api.create(`Длина ${(names += 1)}`);
  await api.change(id, { method: 'sms', channelId: 'sms-romashka-number', text, additionalList: true });
  await api.upload(id, 'main', main, 'Клиенты.csv').expect(200);
  if (additional) await api.upload(id, 'additional', additional, 'Ещё.csv').expect(200);
  return id;
}

/** Waits for the exact figures. */
async function exact(id: number, request: Partial<LengthsRequest> = {}): Promise<Lengths> {
  const { body } = await api
    .call('post', `/campaigns/${id}/lengths`)
    .send({ ...request, wait: true })
    .expect(200);
  expect(body.exact).toBe(true);
  return v.parse(LengthsSchema, body);
}

const table = (...rows: string[]) => ['Телефон;Имя;Скидка', ...rows, ''].join('\r\n');

describe('an SMS', () => {
  test('is measured as it is typed, on the rows that would be sent', async () => {
    const main = table(
      '89120000001;Анна;10 %',
      '8 912 000-00-01;Повтор;',
      'нет номера;Пётр;5 %',
      '89120000002;;5 %',
      `89120000003;${'ж'.repeat(400)};5 %`,
      '89120000009;Стоп;5 %',
    );
    const additional = ['Phone;Город', '89120000002;Тверь', '89120000004;Омск', ''].join('\r\n');
    const id = await smsCampaign('ещё не это', main, additional);
    await api.call('post', '/stop-list').send({ phone: '89120000009' }).expect(204);
    const typed = { text: 'Hi {{имя|you}}, {{Скидка}}' };
    expect(await exact(id, typed)).toEqual({
      method: 'sms',
      exact: true,
      rows: 4,
      segments: { 1: 3 },
      tooLong: 1,
      blank: 0,
      ucs2: 2,
      forcing: [
        { characters: ['А', 'а', 'н'], rows: 1 },
        { characters: ['ж'], rows: 1 },
      ],
      longest: [
        {
          list: 'main',
          row: 6,
          segments: 7,
          units: 408,
          encoding: 'ucs2',
          text: `Hi ${'ж'.repeat(400)}, 5 %`,
        },
        { list: 'main', row: 2, segments: 1, units: 13, encoding: 'ucs2', text: 'Hi Анна, 10 %' },
        { list: 'main', row: 5, segments: 1, units: 11, encoding: 'gsm', text: 'Hi you, 5 %' },
        { list: 'additional', row: 3, segments: 1, units: 8, encoding: 'gsm', text: 'Hi you, ' },
      ],
      empty: [
        { variable: 'имя', fallback: true, rows: 2 },
        { variable: 'Скидка', fallback: false, rows: 1 },
      ],
      unfilled: 1,
      unsendable: { main: 1, additional: 0 },
    });
    const all = await exact(id, { ...typed, removeDuplicates: false });
    expect(all).toMatchObject({ rows: 6, segments: { 1: 5 }, tooLong: 1 });
  });

  test.each(['Без переменных', 'С {{Имя}}', '{{Нет такого}}'])(
    '%j: as many rows as Start queues',
    async (text) => {
      const rows = Array.from(
        { length: 60 },
        (_, i) => `8912100${String(i % 45).padStart(4, '0')};Имя ${i};`,
      );
      const more = Array.from(
        { length: 30 },
        (_, i) => `8912100${String(i + 30).padStart(4, '0')};Имя ${i};`,
      );
      for (const removeDuplicates of [true, false]) {
        const id = await smsCampaign('Привет', table(...rows), table(...more));
        await api.change(id, { removeDuplicates, schedule: { kind: 'now' } });
        await api.call('post', '/stop-list').send({ phone: '89121000003' }).expect(204);
        const { rows: measured } = await exact(id, { text });
        const { body } = await api.control(id, 'start').expect(200);
        const { rows: all, duplicates, stopped } = body.campaign.progress.account;
        expect(measured).toBe(all - duplicates - stopped);
        await api.control(id, 'clear').expect(200);
      }
    },
  );

  test('the saved text is measured when none is given, and the preview shows the same', async () => {
    const id = await smsCampaign('Привет, {{Имя}}', table('89120000021;Анна;', '89120000022;;'));
    const counted = await exact(id);
    expect(counted).toMatchObject({ rows: 2, segments: { 1: 2 }, unfilled: 1 });
    const { body } = await api.call('get', `/campaigns/${id}/preview`).expect(200);
    expect((body as Preview).lengths).toEqual(counted);
  });

  test('without a file there is nothing to count', async () => {
    const { id } = await api.create(`Длина ${(names += 1)}`);
    expect(await exact(id, { text: 'Привет' })).toMatchObject({ rows: 0, segments: {}, longest: [] });
  });

  test('the figures follow the stop list and the files', async () => {
    const text = 'Hi {{Имя}}';
    const id = await smsCampaign(text, table('89120000031;A;', '89120000032;B;'));
    expect((await exact(id)).rows).toBe(2);
    await api.call('post', '/stop-list').send({ phone: '89120000032' }).expect(204);
    expect((await exact(id)).rows).toBe(1);
    await api.upload(id, 'main', table('89120000033;Ж;', '89120000034;Я;', '89120000035;Z;')).expect(200);
    expect(await exact(id)).toMatchObject({ rows: 3, ucs2: 2 });
  });
});

test('a template: rows with an empty variable, by variable', async () => {
  const id = await smsCampaign('', table('89120000041;Анна;', '89120000042;;5 %', '89120000043;Ира;7 %'));
  const bindings = {
    'body.1': { kind: 'column', column: 'Имя', fallback: '' },
    'body.2': { kind: 'column', column: 'Скидка', fallback: 'нет' },
    'body.3': { kind: 'text', text: 'всем' },
  } as const;
  expect(await exact(id, { bindings })).toMatchObject({
    method: 'waba',
    rows: 3,
    segments: {},
    empty: [
      { variable: 'body.1', fallback: false, rows: 1 },
      { variable: 'body.2', fallback: true, rows: 1 },
    ],
    unfilled: 1,
    unsendable: { main: 1, additional: 0 },
  });
});

describe('the rows that will not be sent', () => {
  test('are downloaded in the file’s own columns with the reason', async () => {
    const long = 'ж'.repeat(400);
    const main = windows1251(
      table('89120000051;Анна;10 %', `+7 912 000 00 52;${long};"a;b"`, '89120000053;;', '1;x;'),
    );
    const { id } = await api.create(`Длина ${(names += 1)}`);
    await api.change(id, { method: 'sms', channelId: 'sms-romashka-number', text: '{{Имя}}' });
    await api.upload(id, 'main', main, 'Клиенты.csv').expect(200);
    const answer = await api
      .call('get', `/campaigns/${id}/lists/main/unsendable`)
      .set('Accept-Language', 'ru')
      .expect(200);
    const name = encodeURIComponent('Клиенты не отправятся.csv');
    expect(answer.headers['content-disposition']).toContain(name);
    expect(answer.text.split('\r\n')).toEqual([
      '\uFEFFТелефон;Имя;Скидка;Почему не отправится',
      `'+7 912 000 00 52;${long};"a;b";С переменными текст длиннее пяти SMS.`,
      '89120000053;;;Ячейка переменной пуста, а замены нет.',
      '',
    ]);
    await api.call('get', `/campaigns/${id}/lists/additional/unsendable`).expect(404);
    await api.call('get', `/campaigns/${id}/lists/third/unsendable`).expect(404);
  });
});

test('another account’s campaign is not there, and a text of more than 2000 characters is refused', async () => {
  const id = await smsCampaign('Привет', table('89120000061;A;'));
  const stranger = host.as('vasilek');
  await stranger.call('post', `/campaigns/${id}/lengths`).send({ text: 'Hi' }).expect(404);
  await stranger.call('get', `/campaigns/${id}/lists/main/unsendable`).expect(404);
  const { body } = await api.call('post', `/campaigns/${id}/lengths`).send({ text: 'a'.repeat(2001) });
  expect(body).toMatchObject({ code: 'invalid', errors: [{ field: 'text', code: 'text_too_long' }] });
});

test('a worker that has lost its connection gets another', async () => {
  const id = await smsCampaign('Hi {{Имя}}', table('89120000071;A;'));
  await exact(id);
  await host.database.dataSource.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and application_name = 'mass-messaging lengths'`,
  );
  let counted: Lengths;
  do {
    // The first question after the loss may still meet the dead connection, and is answered by an estimate.
    const { body } = await api
      .call('post', `/campaigns/${id}/lengths`)
      .send({ text: 'Hello {{Имя}}', wait: true });
    counted = body as Lengths;
  } while (!counted.exact);
  expect(counted.rows).toBe(1);
});

test('who writes replaces what was asked before, which gets its estimate; who only looks does not', async () => {
  const id = await smsCampaign('Hi {{Имя}}', table('89120000081;A;', '89120000082;B;'));
  const { dataSource } = host.database;
  const ask = (text: string) =>
    api.call('post', `/campaigns/${id}/lengths`).send({ text, wait: true }).expect(200);
  const lock = dataSource.createQueryRunner();
  await lock.startTransaction();
  // Nobody reads a row until this ends: a count of any length.
  await lock.query('lock table contact in access exclusive mode');
  /** The connection of a count that waits for the lock, and is not the one before. */
  const waiting = async (before = 0): Promise<number> => {
    for (;;) {
      const [row] = await dataSource.query(
        `select pid from pg_stat_activity where datname = current_database() and pid <> $1
            and application_name = 'mass-messaging lengths' and wait_event_type = 'Lock'`,
        [before],
      );
      if (row) return row.pid;
    }
  };
  const first = ask('First {{Имя}}').then(({ body }) => body as Lengths);
  const pid = await waiting();
  const second = ask('Second {{Имя}}').then(({ body }) => body as Lengths);
  await waiting(pid);
  const look = api.call('get', `/campaigns/${id}/preview`).expect(200);
  await lock.commitTransaction();
  await lock.release();
  expect(await first).toMatchObject({ exact: false, rows: 2 });
  expect(await second).toMatchObject({ exact: true, rows: 2 });
  expect((await look).body.lengths).toMatchObject({ rows: 2 });
});
