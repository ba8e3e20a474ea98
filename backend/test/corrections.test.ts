import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { CorrectionResult } from '../../contract/campaign.ts';
import type { Correction, Encoding, ListSlot } from '../../contract/list.ts';
import { accountAddsUp } from '../../contract/message-states.ts';
import { LongWork } from '../src/database/long-work.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import type { Caller } from '../src/host/caller.ts';
import { CorrectionsService } from '../src/lists/correcting/corrections.service.ts';
import { OneAtATime } from '../src/lists/one-at-a-time.ts';
import { encode } from './encode.ts';
import { phoneOf, StillApp } from './still-app.ts';

/** The rows that a file's reading refused: downloaded, put right, uploaded again. */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

interface Download {
  bytes: Buffer;
  type: string;
}

async function refused(id: number, slot: ListSlot = 'main', language = 'ru'): Promise<Download> {
  const { body, headers } = await still.api
    .call('get', `/campaigns/${id}/lists/${slot}/refused`)
    .set('Accept-Language', language)
    .buffer(true)
    .parse((response, done) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => done(null, Buffer.concat(parts)));
    })
    .expect(200);
  return { bytes: body as Buffer, type: headers['content-type']! };
}

const textOf = async (id: number, encoding: Encoding = 'utf-8', slot: ListSlot = 'main', language = 'ru') =>
  new TextDecoder(encoding).decode((await refused(id, slot, language)).bytes);

const send = (id: number, file: string | Uint8Array, slot: ListSlot = 'main') =>
  still.api
    .call('post', `/campaigns/${id}/lists/${slot}/corrections`)
    .set('Content-Type', 'text/csv')
    .send(Buffer.from(file));

async function correct(id: number, file: string | Uint8Array, slot: ListSlot = 'main'): Promise<Correction> {
  const { campaign, correction } = (await send(id, file, slot).expect(200)).body as CorrectionResult;
  expect(accountAddsUp(campaign.progress.account)).toBe(true);
  return correction;
}

const mend = (id: number, cells: Record<string, number>, slot: ListSlot = 'main') =>
  still.correct(id, slot, Object.entries(cells));

const listOf = async (id: number, slot: ListSlot = 'main') =>
  (await still.api.get(id)).lists.find((list) => list.slot === slot)!;
const nothing = { taken: 0, repeated: 0, queued: 0, stillRefused: 0, already: 0, unknown: 0 };

const CLIENTS =
  'Имя,Телефон,Долг\r\nЯна,89120000001,100\r\n"Пётр, младший",8912000000,"-5"\r\nАня,+7912,=1\r\nОля,89120000001,\r\n';

describe('the file to correct', () => {
  test('has the user’s columns, separator and encoding, the reason in the reader’s language, and the row', async () => {
    const id = await still.draft();
    await still.api.upload(id, 'main', encode(CLIENTS, 'windows-1251')).expect(200);
    const { type } = await refused(id);
    expect(type).toBe('text/csv; charset=windows-1251');
    const lines = (await textOf(id, 'windows-1251')).split('\r\n');
    expect(lines[0]).toMatch(/^Имя,Телефон,Долг,Что исправить,Строка\/Row [0-9a-f]{10}$/);
    expect(lines.slice(1)).toEqual([
      `"Пётр, младший",8912000000,'-5,Десять цифр не с девятки — не мобильный номер. Проверьте номер или напишите его с кодом страны.,3`,
      `Аня,'+7912,'=1,Номеров такой длины не бывает. Проверьте цифры.,4`,
      '',
    ]);
    const english = (await textOf(id, 'windows-1251', 'main', 'en')).split('\r\n');
    expect(english[0]).toContain(',What to correct,Строка/Row ');
    expect(english[2]).toContain('A number of this length does not exist.');
  });

  test.each(['utf-8', 'utf-16le', 'utf-16be', 'koi8-r', 'ibm866'] as const)(
    'in %s comes back as it was and changes nothing',
    async (encoding) => {
      const id = await still.draft();
      const text = 'Телефон;Имя клиента\r\n89120000001;Константин\r\nнет номера;Александра\r\n';
      await still.api
        .call('put', `/campaigns/${id}/lists/main?fileName=a.csv&encoding=${encoding}`)
        .set('Content-Type', 'text/csv')
        .send(Buffer.from(encode(text, encoding, true)))
        .expect(200);
      const before = await still.api.get(id);
      const file = await refused(id);
      expect(file.type).toBe(`text/csv; charset=${encoding}`);
      expect(new TextDecoder(encoding).decode(file.bytes)).toContain('нет номера;Александра;');
      expect(await correct(id, file.bytes)).toEqual({ ...nothing, stillRefused: 1 });
      expect({ ...(await still.api.get(id)), asOf: before.asOf }).toEqual(before);
    },
  );

  test('goes over to UTF-8 when a cell has been corrected to what its encoding lacks', async () => {
    const id = await still.draft();
    await still.api.upload(id, 'main', encode(CLIENTS, 'windows-1251')).expect(200);
    const text = (await textOf(id, 'windows-1251')).replace('Аня', 'Аня 🙂');
    await correct(id, encode(text, 'utf-8', true));
    const { bytes, type } = await refused(id);
    expect([type, bytes.subarray(0, 3).toString('hex')]).toEqual(['text/csv; charset=utf-8', 'efbbbf']);
    expect(bytes.toString()).toContain('Аня 🙂,');
  });

  test('names columns of a list without a header, and its own apart from the user’s', async () => {
    const id = await still.draft();
    await still.api.upload(id, 'main', '89120000001;Яна\r\n8912;Оля\r\n').expect(200);
    expect(await textOf(id)).toMatch(/^Телефон;Столбец 2;Что исправить;Строка/);
    await still.api
      .upload(id, 'main', 'Телефон;что исправить\r\n89120000001;Яна\r\n8912;Оля\r\n')
      .expect(200);
    const text = await textOf(id);
    expect(text).toMatch(/^Телефон;что исправить;Что исправить \(2\);Строка/);
    expect(await correct(id, text.replace('8912;', '89120000002;'))).toMatchObject({ taken: 1 });
    const [row] = await still.query<{ cells: string[] }>(
      'select cells from contact where campaign_id = $1 and row_no = 3 and phone is not null',
      [id],
    );
    expect(row!.cells).toEqual(['89120000002', 'Оля']);
  });

  test('of a list without refused rows is its header', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1]);
    expect((await textOf(id)).split('\r\n')).toHaveLength(2);
    await still.api.call('get', `/campaigns/${id}/lists/additional/refused`).expect(404);
  });
});

describe('corrections', () => {
  test('take over what is right now, keep the rest refused, and a second time change nothing', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'a1', 'b2', 'c3', 'd4']);
    const text = (await textOf(id))
      .replace('\na1;', `\n${phoneOf(2)};`)
      .replace('\nb2;', '\n8 912 000-00-01;')
      .replace('\nc3;', '\n8912;');
    expect(await correct(id, text)).toEqual({ ...nothing, taken: 2, repeated: 1, stillRefused: 2 });
    const after = await still.api.get(id);
    expect(after.lists[0]).toMatchObject({
      rows: 5,
      contacts: 2,
      duplicates: 1,
      refused: 2,
      corrected: 2,
      refusedBy: { length: 1, letters: 1 },
      repairedBy: { trunk_eight: 1 },
      refusedRows: [
        { row: 5, original: '8912', reason: 'length' },
        { row: 6, original: 'd4', reason: 'letters' },
      ],
    });
    expect(await correct(id, text)).toEqual({ ...nothing, already: 2, stillRefused: 2 });
    expect({ ...(await still.api.get(id)), asOf: after.asOf }).toEqual(after);
    expect(
      (
        await still.query<{ action: string }>(`select action from campaign_event where campaign_id = $1`, [
          id,
        ])
      ).filter(({ action }) => action === 'correct_list'),
    ).toHaveLength(1);
  });

  test('find their rows whatever a spreadsheet made of the file', async () => {
    const id = await still.draft();
    await still.api.upload(id, 'main', encode(CLIENTS, 'windows-1251')).expect(200);
    const [, , rowName] = /(Что исправить),(Строка.*)\r\n/.exec(await textOf(id, 'windows-1251'))!;
    // Two columns gone, the others turned round, tabs, UTF-16, a row of one's own, no line end.
    const sheet = `${rowName}\tТелефон\r\n4\t8912 000 00 04\r\n\t89120000009\r\n99\t89120000008\r\n4\t89120000007`;
    expect(await correct(id, encode(sheet, 'utf-16le', true))).toEqual({
      ...nothing,
      taken: 1,
      unknown: 3,
    });
    const rows = await still.query<{ cells: string[] }>(
      'select cells from contact where campaign_id = $1 order by row_no',
      [id],
    );
    expect(rows[2]!.cells).toEqual(['Аня', '8912 000 00 04', '=1']);
  });

  test('count empty cells anew', async () => {
    const id = await still.draft();
    await still.api.upload(id, 'main', 'Phone;Name\r\n89120000001;A\r\n;\u00a0x\r\n8;\r\n').expect(200);
    expect((await listOf(id)).emptyCells).toEqual([1, 1]);
    const text = (await textOf(id)).replace(/\n;/, `\n${phoneOf(2)};`).replace('\u00a0x', '\u00a0');
    await correct(id, text.replace('\n8;;', `\n${phoneOf(3)};B;`));
    expect((await listOf(id)).emptyCells).toEqual([0, 1]);
  });

  test('of the main file leave its number out of the additional one', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'x']);
    await still.upload(id, 'additional', [2, 3]);
    await mend(id, { x: 2 });
    expect((await listOf(id, 'additional')).duplicatesOfOther).toBe(1);
    expect((await still.api.get(id)).progress.account).toMatchObject({ rows: 4, queued: 3, duplicates: 1 });
  });

  test('are refused as a whole where they cannot find their list, their rows or the phones', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'x']);
    const text = await textOf(id);
    const mended = text.replace('\nx;', `\n${phoneOf(2)};`);
    const before = await still.api.get(id);
    for (const [file, status, code] of [
      [mended.replace(/;Строка[^\r]*/, ''), 422, 'correction_row_missing'],
      [mended.replace('Phone', 'Fone'), 422, 'correction_phone_missing'],
      [mended.replace(/(Row [0-9a-f]{9})./, '$1x'), 422, 'correction_row_missing'],
      [`Phone\r\n${phoneOf(2)}\r\n`, 422, 'correction_row_missing'],
      ['PK\x03\x04', 422, 'file_not_csv'],
    ] as const) {
      expect((await send(id, file).expect(status)).body.code).toBe(code);
    }
    const other = await still.draft();
    await still.upload(other, 'main', [1, 'x']);
    expect((await send(other, mended).expect(409)).body.code).toBe('correction_of_other_list');
    expect((await send(id, mended, 'additional').expect(404)).body.code).toBe('list_not_found');
    expect({ ...(await still.api.get(id)), asOf: before.asOf }).toEqual(before);
    await still.upload(id, 'main', [1, 'x']);
    expect((await send(id, mended).expect(409)).body.code).toBe('correction_of_other_list');
  });

  test('are for those who set campaigns up, in their own account', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'x']);
    const path = `/campaigns/${id}/lists/main/corrections`;
    const text = await textOf(id);
    const as = (...who: Parameters<typeof still.host.as>) =>
      still.host
        .as(...who)
        .call('post', path)
        .set('Content-Type', 'text/csv')
        .send(Buffer.from(text));
    await as('romashka', 'operator').expect(403);
    expect((await as('vasilek').expect(404)).body.code).toBe('campaign_not_found');
  });
});

describe('corrections that something comes between', () => {
  const caller = () => ({ accountId: 1, userId: 'admin-1' }) as Caller;
  const ofAnotherProcess = () => {
    const { app, database } = still.host;
    return new CorrectionsService(
      database.dataSource,
      app.get(Dispatcher),
      app.get(LongWork),
      new OneAtATime(),
    );
  };

  test('sent twice at the same time are taken over once', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'a1', 'b2']);
    await still.control(id, 'start');
    const text = (await textOf(id)).replace('\na1;', `\n${phoneOf(2)};`).replace('\nb2;', `\n${phoneOf(3)};`);
    const { signal } = new AbortController();
    const services = [ofAnotherProcess(), ofAnotherProcess(), ofAnotherProcess()];
    const all = await Promise.all(
      services.map((service) => service.correct(caller(), id, 'main', Buffer.from(text), signal)),
    );
    expect(all.map(({ taken }) => taken).sort()).toEqual([0, 0, 2]);
    expect(await still.queue(id)).toEqual(['1 main queued', '2 main queued', '3 main queued']);
    expect(await listOf(id)).toMatchObject({ contacts: 3, refused: 0, corrected: 2 });
  });

  test('cut off leave the list as it was', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'a1']);
    const before = await still.api.get(id);
    const text = (await textOf(id)).replace('\na1;', `\n${phoneOf(2)};`);
    const gone = new AbortController();
    const correcting = ofAnotherProcess().correct(caller(), id, 'main', Buffer.from(text), gone.signal);
    gone.abort();
    await expect(correcting).rejects.toMatchObject({ code: 'upload_aborted' });
    expect({ ...(await still.api.get(id)), asOf: before.asOf }).toEqual(before);
    expect(await correct(id, text)).toMatchObject({ taken: 1 });
  });

  test('of a list that another file has replaced while they were read are refused', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'a1']);
    const text = (await textOf(id)).replace('\na1;', `\n${phoneOf(2)};`);
    const runner = still.host.database.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('select 1 from campaign where account_id = 1 and id = $1 for update', [id]);
    const { signal } = new AbortController();
    const correcting = ofAnotherProcess().correct(caller(), id, 'main', Buffer.from(text), signal);
    correcting.catch(() => undefined);
    await still.blocked();
    await runner.query('update list set removed_at = now() where account_id = 1 and campaign_id = $1', [id]);
    await runner.commitTransaction();
    await runner.release();
    await expect(correcting).rejects.toMatchObject({ code: 'correction_of_other_list' });
  });

  test('change the lengths of messages at once', async () => {
    const id = await still.draft();
    await still.api.upload(id, 'main', 'Phone;Name\r\n89120000001;A\r\nx;B\r\n').expect(200);
    const measured = async () =>
      (await still.api.call('post', `/campaigns/${id}/lengths`).send({ text: 'Hi {{Name}}', wait: true }))
        .body as { segments: Record<string, number> };
    expect((await measured()).segments).toEqual({ 1: 1 });
    await correct(id, (await textOf(id)).replace('\nx;', `\n${phoneOf(2)};`));
    expect((await measured()).segments).toEqual({ 1: 2 });
  });
});

describe('rows corrected while and after a campaign runs', () => {
  test('are queued behind the others, once, unless their number is taken or stopped', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 'a1', 'b2', 'c3', 'd4']);
    await still.upload(id, 'additional', [5]);
    await still.control(id, 'start');
    await still.control(id, 'pause');
    await still.settle(id, [1], 'sent');
    await still.api
      .call('post', '/stop-list')
      .send({ phone: phoneOf(77) })
      .expect(204);
    const cells = { a1: 1, b2: 5, c3: 77, d4: 8 };
    expect(await mend(id, cells)).toEqual({ ...nothing, taken: 4, repeated: 1, queued: 1 });
    expect(await still.queue(id)).toEqual([
      '1 main sent',
      '2 main queued',
      '5 additional queued',
      '8 main queued',
      '1 main duplicate',
      '5 main duplicate',
      '77 main stopped',
    ]);
    expect(await still.account(id)).toMatchObject({
      rows: 7,
      refused: 0,
      queued: 3,
      duplicates: 2,
      stopped: 1,
    });
  });

  test('count in earlier runs as refused, as they were, and are contacts of the next', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'a1', 'b2']);
    await still.control(id, 'start');
    await still.complete(id);
    const before = await still.account(id, 1);
    expect(await mend(id, { a1: 2 })).toMatchObject({ taken: 1, queued: 0 });
    expect(await still.account(id, 1)).toEqual(before);
    expect(await still.report(id)).toEqual(['1 1 sent', '1 a1 refused', '1 b2 refused']);
    await still.control(id, 'restart');
    expect(await still.account(id, 2)).toMatchObject({ rows: 3, refused: 1, queued: 2 });
    expect(await mend(id, { b2: 3 })).toMatchObject({ taken: 1, queued: 1 });
    expect(await still.account(id, 1)).toEqual(before);
    expect(await still.account(id, 2)).toMatchObject({ rows: 3, refused: 0, queued: 3 });
    expect(await still.report(id)).toEqual([
      '1 1 sent',
      '1 a1 refused',
      '1 b2 refused',
      '2 1 queued',
      '2 2 queued',
      '2 3 queued',
    ]);
    const { text } = await still.api
      .call('get', `/campaigns/${id}/report`)
      .set('Accept-Language', 'ru')
      .expect(200);
    expect(text).toMatch(/a1;3;.*Строку исправили позже\./);
    await still.complete(id);
    await still.control(id, 'clear');
    expect(await still.account(id, 1)).toMatchObject({ rows: 3, refused: 2 });
    expect(await still.account(id, 2)).toMatchObject({ rows: 3, refused: 0 });
    expect(await still.query('select 1 from correction where campaign_id = $1', [id])).toEqual([]);
  });

  test('join a run of a part where their numbers are new, and stay when its queue is made anew', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 'a1', 'b2', 'c3']);
    await still.control(id, 'start');
    await still.settle(id, [1], 'failed');
    await still.complete(id);
    await mend(id, { c3: 9 });
    await still.control(id, 'restart', { scope: 'failed' });
    expect(await mend(id, { a1: 2, b2: 4 })).toMatchObject({ taken: 2, repeated: 1, queued: 1 });
    const queue = ['1 main queued', '4 main queued'];
    expect(await still.queue(id)).toEqual(queue);
    expect(await still.account(id)).toMatchObject({ rows: 2, queued: 2 });
    await still.api.change(id, { removeDuplicates: false });
    expect(await still.queue(id)).toEqual(['1 main queued', '2 main queued', '4 main queued']);
    await still.api.change(id, { removeDuplicates: true });
    expect(await still.queue(id)).toEqual(queue);
    expect(await still.account(id, 1)).toMatchObject({ rows: 5, refused: 3, sent: 1, failed: 1 });
  });

  test('wait for the next run to all where no run has used their list', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1]);
    await still.control(id, 'start');
    await still.settle(id, [1], 'failed');
    await still.complete(id);
    await still.upload(id, 'additional', [2, 'x']);
    await still.control(id, 'restart', { scope: 'failed' });
    expect(await mend(id, { x: 3 }, 'additional')).toMatchObject({ taken: 1, queued: 0 });
    expect(await still.queue(id)).toEqual(['1 main queued']);
  });

  test('go with a list that no run has used', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 'x']);
    await mend(id, { x: 2 });
    await still.remove(id, 'main');
    expect(await still.query('select 1 from correction where campaign_id = $1', [id])).toEqual([]);
  });
});
