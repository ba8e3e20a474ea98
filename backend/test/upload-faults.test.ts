import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { startApp, type Api, type TestApp } from './app.ts';
import { bigFile } from './big-file.ts';

/** An upload whose database fails while its rows go in. */
let host: TestApp;
let api: Api;
let id: number;
let names = 0;
const ROWS = 20_000;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
beforeEach(async () => {
  id = (await api.create(`Сбой ${(names += 1)}`)).id;
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Привет' });
  await api.upload(id, 'main', 'Телефон\r\n89120000001\r\n89120000002\r\n').expect(200);
});
afterEach(() => sql('drop trigger if exists harm on contact; drop function if exists harm()'));
afterAll(() => host.stop());

const sql = (text: string): Promise<Record<string, number>[]> => host.database.dataSource.query(text);

/** PL/pgSQL that PostgreSQL runs in the middle of the COPY. */
async function whenHalfIsIn(harm: string): Promise<void> {
  await sql(`create function harm() returns trigger language plpgsql as $$
    begin if new.row_no = ${ROWS / 2} then ${harm}; end if; return new; end $$`);
  await sql('create trigger harm before insert on contact for each row execute function harm()');
}

test.each([
  ['disk is full', `raise exception 'could not extend file' using errcode = 'disk_full'`, 507, 'disk_full'],
  ['connection is cut', 'perform pg_terminate_backend(pg_backend_pid(), 100)', 503, 'unavailable'],
])(
  'the %s: what was there stays, nothing is left over, and it works again',
  async (_, harm, status, code) => {
    const before = await api.get(id);
    const { bytes } = bigFile({ rows: ROWS, seed: 1, encoding: 'utf-8' });
    await whenHalfIsIn(harm);
    const answer = await api.upload(id, 'main', bytes).expect(status);
    expect(answer.body).toMatchObject({ code });
    expect((await api.get(id)).lists).toEqual(before.lists);
    expect(
      await sql(`select (select count(*)::int from contact where campaign_id = ${id} and account_id = 1) as contacts,
                      (select count(*)::int from list where campaign_id = ${id} and account_id = 1) as lists,
                      (select count(*)::int from list_file where campaign_id = ${id} and account_id = 1) as files`),
    ).toEqual([{ contacts: 2, lists: 1, files: 1 }]);
    await sql('drop trigger harm on contact');
    await api.upload(id, 'main', bytes).expect(200);
    expect((await api.get(id)).lists[0]).toMatchObject({ rows: ROWS });
  },
);
