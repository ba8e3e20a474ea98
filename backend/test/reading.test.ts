import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { Campaign } from '../../contract/campaign.ts';
import { ListPreviewSchema, type ListPreview } from '../../contract/list.ts';
import { accountAddsUp } from '../../contract/message-states.ts';
import { PREVIEW_BYTES } from '../src/lists/reading/preview-list.ts';
import { startApp, type Api, type TestApp } from './app.ts';
import { bigFile } from './big-file.ts';
import { encode } from './encode.ts';

/** How a file is read can be looked at and changed without uploading it again. */
let host: TestApp;
let api: Api;
let names = 0;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
afterAll(() => host.stop());

const TWO_PHONES = 'Имя;Телефон;Рабочий\r\nЯна;89120000001;\r\nПётр;89120000002;89120000003\r\n';

async function draft(settings: Parameters<Api['change']>[1] = {}): Promise<number> {
  const { id } = await api.create(`Чтение ${(names += 1)}`);
  await api.change(id, {
    method: 'sms',
    channelId: 'sms-romashka-number',
    text: 'Здравствуйте!',
    ratePerMinute: 300,
    ...settings,
  });
  return id;
}

const preview = async (id: number, query = ''): Promise<ListPreview> =>
  (await api.call('get', `/campaigns/${id}/lists/main/preview${query}`).expect(200)).body as ListPreview;
const readAnew = (id: number, options: object) =>
  api.call('post', `/campaigns/${id}/lists/main/reading`).send(options);
const filesOf = async (id: number): Promise<number> => {
  const [row] = (await host.database.dataSource.query(
    'select count(*)::int as count from list_file where campaign_id = $1',
    [id],
  )) as { count: number }[];
  return row!.count;
};

describe('the preview', () => {
  test('shows the first rows as they were read, and what was taken for granted', async () => {
    const id = await draft();
    await api.upload(id, 'main', encode(TWO_PHONES, 'windows-1251')).expect(200);
    const shown = await preview(id);
    expect(v.parse(ListPreviewSchema, shown)).toEqual({
      reading: { encoding: 'windows-1251', separator: ';', header: true, phoneColumn: 1 },
      columns: ['Имя', 'Телефон', 'Рабочий'],
      rows: [
        { row: 1, cells: ['Имя', 'Телефон', 'Рабочий'] },
        { row: 2, cells: ['Яна', '89120000001', ''] },
        { row: 3, cells: ['Пётр', '89120000002', '89120000003'] },
      ],
    });
  });

  test('shows what other options would make of it, and changes nothing', async () => {
    const id = await draft();
    await api.upload(id, 'main', encode(TWO_PHONES, 'windows-1251')).expect(200);
    const before = await api.get(id);
    const koi8 = await preview(id, '?encoding=koi8-r');
    expect(koi8.reading.encoding).toBe('koi8-r');
    expect(koi8.rows[1]!.cells[0]).not.toBe('Яна');
    expect((await preview(id, '?separator=%2C')).columns).toEqual(['Имя;Телефон;Рабочий']);
    expect((await preview(id, '?encoding=utf-16le')).reading.phoneColumn).toBeNull();
    expect((await preview(id, '?header=false')).columns[0]).toBe('Столбец 1');
    expect((await preview(id, '?phoneColumn=2')).reading.phoneColumn).toBe(2);
    expect({ ...(await api.get(id)), asOf: before.asOf }).toEqual(before);
  });

  test('of a long file looks at its beginning only, in every encoding', async () => {
    const id = await draft();
    for (const encoding of ['utf-8', 'windows-1251', 'utf-16le', 'utf-16be'] as const) {
      const { bytes } = bigFile({ rows: 20_000, seed: 5, encoding });
      expect(bytes.length).toBeGreaterThan(PREVIEW_BYTES);
      await api.upload(id, 'main', bytes).expect(200);
      const shown = await preview(id);
      expect(shown.rows).toHaveLength(20);
      expect(shown).toMatchObject({ reading: { encoding, header: true, phoneColumn: 0 } });
      expect(await preview(id, '?header=true')).toEqual(shown);
    }
  });

  test.each(['?encoding=latin1', '?separator=%7C', '?header=maybe', '?phoneColumn=-1', '?phoneColumn=1e3'])(
    'refuses %s',
    async (query) => {
      const id = await draft();
      const { body } = await api.call('get', `/campaigns/${id}/lists/main/preview${query}`).expect(422);
      expect(body.errors).toMatchObject([{ code: 'reading_invalid' }]);
    },
  );

  test('of a field without a file, and of another account’s campaign, there is none', async () => {
    const id = await draft();
    const path = `/campaigns/${id}/lists/main/preview`;
    expect((await api.call('get', path).expect(404)).body.code).toBe('list_not_found');
    await api.upload(id, 'main', TWO_PHONES).expect(200);
    expect((await host.as('vasilek').call('get', path).expect(404)).body.code).toBe('campaign_not_found');
  });

  test('of a file that is not loaded comes from its first bytes', async () => {
    const id = await draft();
    const { bytes } = bigFile({ rows: 20_000, seed: 5, encoding: 'utf-8' });
    const send = (query: string, body: Uint8Array) =>
      api
        .call('post', `/campaigns/${id}/lists/main/preview${query}`)
        .set('Content-Type', 'text/csv')
        .send(Buffer.from(body));
    const { body } = await send('', bytes.subarray(0, PREVIEW_BYTES)).expect(200);
    expect(body).toMatchObject({ reading: { encoding: 'utf-8', phoneColumn: 0 }, columns: ['Телефон'] });
    const inn = await send('?phoneColumn=1', Buffer.from('Кто;ИНН\nЯ;7707083893\n')).expect(200);
    expect(inn.body.reading).toEqual({ encoding: 'utf-8', separator: ';', header: true, phoneColumn: 1 });
    expect((await send('', Buffer.from('PK\x03\x04')).expect(422)).body.code).toBe('file_not_csv');
    expect((await api.get(id)).lists).toEqual([]);
  });
});

describe('reading anew', () => {
  test('puts the rows read the new way in the place of the others, and keeps the file', async () => {
    const id = await draft();
    await api.upload(id, 'main', encode(TWO_PHONES, 'windows-1251'), 'Клиенты.csv').expect(200);
    const { body } = await readAnew(id, { phoneColumn: 2 }).expect(200);
    expect((body as Campaign).lists).toMatchObject([
      { fileName: 'Клиенты.csv', phoneColumn: 2, rows: 2, contacts: 1, refused: 1, emptyCells: [0, 0, 1] },
    ]);
    expect(accountAddsUp(body.progress.account)).toBe(true);
    expect(await filesOf(id)).toBe(1);
    const back = (await readAnew(id, {}).expect(200)).body as Campaign;
    expect(back.lists).toMatchObject([{ phoneColumn: 1, contacts: 2, encoding: 'windows-1251' }]);
    expect((await preview(id)).rows[1]!.cells[0]).toBe('Яна');
  });

  test('with the options of the preview reads what the preview has shown, of a large file too', async () => {
    const id = await draft();
    const { bytes, expected } = bigFile({ rows: 30_000, seed: 9, encoding: 'windows-1251' });
    await api.upload(id, 'main', bytes).expect(200);
    const { reading } = await preview(id, '?encoding=windows-1251');
    const { body } = await readAnew(id, reading).expect(200);
    expect(body.lists[0]).toMatchObject({ ...expected, ...reading });
  });

  test('that fails leaves everything as it was', async () => {
    const id = await draft();
    await api.upload(id, 'main', TWO_PHONES).expect(200);
    const before = await api.get(id);
    for (const [options, status, code] of [
      [{ phoneColumn: 7 }, 422, 'phone_column_unknown'],
      [{ phoneColumn: 0 }, 422, 'no_valid_rows'],
      [{ encoding: 'utf-16le' }, 422, 'phone_column_missing'],
      [{ list: before.lists[0]!.id + 1 }, 409, 'version_conflict'],
    ] as const) {
      expect((await readAnew(id, options).expect(status)).body.code).toBe(code);
    }
    expect((await readAnew(id, { separator: '|' }).expect(422)).body.errors[0].code).toBe('reading_invalid');
    expect({ ...(await api.get(id)), asOf: before.asOf }).toEqual(before);
    expect(await filesOf(id)).toBe(1);
  });

  test('in a running campaign is a new file: who was written to is not written to again', async () => {
    const id = await draft();
    await api.upload(id, 'main', TWO_PHONES).expect(200);
    await api.control(id, 'start').expect(200);
    await api.until(id, ({ state }) => state === 'completed');
    await api.control(id, 'restart', { scope: 'all' }).expect(200);
    await api.control(id, 'pause').expect(200);
    const { body } = await readAnew(id, { phoneColumn: 2 }).expect(200);
    const { account } = (body as Campaign).progress;
    expect(accountAddsUp(account)).toBe(true);
    expect((body as Campaign).lists).toMatchObject([{ phoneColumn: 2, contacts: 1 }]);
    expect(await filesOf(id)).toBe(1);
  });

  test('is for those who set campaigns up', async () => {
    const id = await draft();
    await api.upload(id, 'main', TWO_PHONES).expect(200);
    const path = `/campaigns/${id}/lists/main`;
    await host.as('romashka', 'operator').call('post', `${path}/reading`).send({}).expect(403);
    await host.as('romashka', 'viewer').call('get', `${path}/preview`).expect(200);
    expect((await host.as('vasilek').call('post', `${path}/reading`).send({}).expect(404)).body.code).toBe(
      'campaign_not_found',
    );
  });
});

test('an upload can say itself how it is to be read', async () => {
  const id = await draft();
  const path = `/campaigns/${id}/lists/main?fileName=a.csv&encoding=koi8-r&header=false&phoneColumn=2`;
  const { body } = await api
    .call('put', path)
    .set('Content-Type', 'text/csv')
    .send(Buffer.from(encode(TWO_PHONES, 'koi8-r')))
    .expect(200);
  expect(body.lists).toMatchObject([{ encoding: 'koi8-r', header: false, phoneColumn: 2, rows: 3 }]);
});

describe('the kept file', () => {
  test('is what was uploaded, byte for byte', async () => {
    const id = await draft();
    const { bytes } = bigFile({ rows: 100_000, seed: 2, encoding: 'windows-1251' });
    await api.upload(id, 'main', bytes).expect(200);
    const [row] = (await host.database.dataSource.query(
      'select bytes from list_file where campaign_id = $1',
      [id],
    )) as { bytes: Buffer }[];
    expect(row!.bytes.equals(bytes)).toBe(true);
  });

  test('goes with its list: replaced, removed, or cleared', async () => {
    const id = await draft();
    await api.upload(id, 'main', TWO_PHONES).expect(200);
    await api.upload(id, 'main', TWO_PHONES).expect(200);
    expect(await filesOf(id)).toBe(1);
    await api.call('delete', `/campaigns/${id}/lists/main`).expect(200);
    expect(await filesOf(id)).toBe(0);
    await api.upload(id, 'main', TWO_PHONES).expect(200);
    await api.control(id, 'start').expect(200);
    await api.until(id, ({ state }) => state === 'completed');
    expect(await filesOf(id)).toBe(1);
    await api.control(id, 'clear').expect(200);
    expect(await filesOf(id)).toBe(0);
  });

  test('is not there after an upload that failed', async () => {
    const id = await draft();
    await api.upload(id, 'main', 'Имя;Город\r\nЯна;Уфа\r\n').expect(422);
    expect(await filesOf(id)).toBe(0);
  });
});

test('a phone of a quarter of a megabyte is refused at once, wherever one is asked for', async () => {
  const id = await draft();
  const phone = ','.repeat(250_000);
  for (const path of ['/stop-list', `/campaigns/${id}/test-message`]) {
    const { body } = await api.call('post', path).send({ phone }).expect(422);
    expect(body.errors).toMatchObject([{ code: 'phone_invalid' }]);
  }
});
