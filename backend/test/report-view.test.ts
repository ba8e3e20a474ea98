import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { MessageState } from '../../contract/message-states.ts';
import type { ReportPage, ReportRow, ReportRowDetails, RunReport } from '../../contract/report.ts';
import { phoneOf, StillApp } from './still-app.ts';

/** The report as the widget shows it: every row of a run is in one of its groups, and on one of its pages. */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

const runOf = async (id: number, run = 1): Promise<RunReport> =>
  (await still.api.call('get', `/campaigns/${id}/runs/${run}`).expect(200)).body as RunReport;

async function page(id: number, query: Record<string, string> = {}, run = 1): Promise<ReportPage> {
  const { body } = await still.api.call('post', `/campaigns/${id}/runs/${run}/rows`).send(query).expect(200);
  return body as ReportPage;
}

async function allPages(id: number, query: Record<string, string> = {}, run = 1): Promise<ReportRow[]> {
  const rows: ReportRow[] = [];
  for (let after: string | null = ''; after !== null;) {
    const { data, next }: ReportPage = await page(id, after ? { ...query, after } : query, run);
    rows.push(...data);
    after = next;
  }
  return rows;
}

const row = async (id: number, list: number, rowNo: number): Promise<ReportRowDetails> =>
  (await still.api.call('get', `/campaigns/${id}/runs/1/rows/${list}/${rowNo}`).expect(200))
    .body as ReportRowDetails;

/** Main: 1–6, one of them twice, and two cells that are none; additional: 7, and 1 again. */
async function finished(): Promise<number> {
  const id = await still.draft({ text: 'Здравствуйте!' });
  await still.upload(id, 'main', [1, 2, 3, 4, 5, 6, 2, 'нет', '7,91235E+10']);
  await still.upload(id, 'additional', [7, 1]);
  await still.control(id, 'start');
  const fates: [number[], MessageState, string | null][] = [
    [[1, 2], 'read', null],
    [[3], 'delivered', null],
    [[4], 'failed', 'recipient_unreachable'],
    [[5], 'failed', 'refused'],
    [[6], 'unknown', 'no_answer'],
    [[7], 'sent', null],
  ];
  for (const [numbers, state, reason] of fates) await still.settle(id, numbers, state, reason);
  await still.query(`update message set detail = 'code 42' where campaign_id = $1 and reason = 'refused'`, [
    id,
  ]);
  await still.query(`update message set replied_at = now() where campaign_id = $1 and state = 'read'`, [id]);
  await still.complete(id);
  return id;
}

test('a run in numbers: its account adds up, and those who were not reached are in groups with the reasons', async () => {
  const report = await runOf(await finished());
  expect(report).toMatchObject({ run: 1, scope: 'all', method: 'sms', replied: 2 });
  expect(report.account).toMatchObject({
    rows: 11,
    refused: 2,
    duplicates: 2,
    read: 2,
    delivered: 1,
    sent: 1,
    failed: 2,
    unknown: 1,
  });
  expect(report.groups).toEqual([
    { state: 'duplicate', reason: null, count: 2, words: [] },
    { state: 'failed', reason: 'recipient_unreachable', count: 1, words: [] },
    { state: 'failed', reason: 'refused', count: 1, words: ['code 42'] },
    { state: 'refused', reason: 'excel_precision_lost', count: 1, words: [] },
    { state: 'refused', reason: 'no_number', count: 1, words: [] },
    { state: 'sent', reason: null, count: 1, words: [] },
    { state: 'unknown', reason: 'no_answer', count: 1, words: [] },
  ]);
});

describe('the rows', () => {
  let id: number;
  beforeAll(async () => {
    id = await finished();
  });
  const told = (rows: ReportRow[]) => rows.map(({ phone, cell, state }) => `${phone ?? cell} ${state}`);

  test('are as many as the account says, each once, the refused ones at the end', async () => {
    const rows = await allPages(id);
    expect(rows).toHaveLength(11);
    expect(new Set(rows.map(({ list, row: rowNo }) => `${list}.${rowNo}`)).size).toBe(11);
    expect(told(rows.slice(-2))).toEqual(['нет refused', '7,91235E+10 refused']);
  });

  test.each<[Record<string, string>, string[]]>([
    [{ state: 'failed' }, [`${phoneOf(4)} failed`, `${phoneOf(5)} failed`]],
    [{ state: 'failed', reason: 'refused' }, [`${phoneOf(5)} failed`]],
    [{ state: 'replied' }, [`${phoneOf(1)} read`, `${phoneOf(2)} read`]],
    [{ state: 'duplicate' }, [`${phoneOf(2)} duplicate`, `${phoneOf(1)} duplicate`]],
    [{ state: 'refused' }, ['нет refused', '7,91235E+10 refused']],
    [{ state: 'refused', reason: 'no_number' }, ['нет refused']],
    [{ state: 'queued' }, []],
    [{ list: '2' }, [`${phoneOf(7)} sent`, `${phoneOf(1)} duplicate`]],
    [{ search: '8 (912) 000-00-03' }, [`${phoneOf(3)} delivered`]],
    [{ search: phoneOf(1) }, [`${phoneOf(1)} read`, `${phoneOf(1)} duplicate`]],
    [{ search: '0000007' }, [`${phoneOf(7)} sent`]],
    [{ search: '00-07' }, [`${phoneOf(7)} sent`]],
    [{ search: '8 912 000 000', list: '2' }, [`${phoneOf(7)} sent`, `${phoneOf(1)} duplicate`]],
    [{ search: '912351' }, ['7,91235E+10 refused']],
    [{ search: '555555' }, []],
  ])('%j', async (query, expected) => expect(told(await allPages(id, query))).toEqual(expected));

  test('what the provider refused at once was never sent; what failed later was', async () => {
    await still.query(`update message set provider_id = 'p' where campaign_id = $1 and reason <> 'refused'`, [
      id,
    ]);
    const { data } = await page(id, { state: 'failed' });
    expect(data.map(({ reason, sentAt }) => [reason, sentAt !== null])).toEqual([
      ['recipient_unreachable', true],
      ['refused', false],
    ]);
  });

  test.each(['123', 'Иван', '%%%%', '12 3'])(
    'a search for %j is refused with what to type',
    async (search) => {
      const { body } = await still.api
        .call('post', `/campaigns/${id}/runs/1/rows`)
        .send({ search })
        .expect(422);
      expect(body.code).toBe('search_too_short');
    },
  );

  test.each([{ after: 'x' }, { state: 'lost' }, { list: 'a' }, { after: "m1'" }])(
    '%j is malformed',
    (query) => still.api.call('post', `/campaigns/${id}/runs/1/rows`).send(query).expect(400),
  );

  test('one in full: the file, the cells, the text, the reply', async () => {
    await still.query(
      `insert into reply (account_id, id, campaign_id, run, position, channel_id, phone, text, occurred_at)
       select 1, 'reply', $1::int, 1, position, 'sms-romashka-number', $2, 'Да, интересно', now()
         from message m join contact c using (account_id, campaign_id, list_id, row_no)
        where m.campaign_id = $1 and c.phone = $2 and m.state = 'read'`,
      [id, phoneOf(1)],
    );
    const details = await row(id, 1, 2);
    expect(details).toMatchObject({
      phone: phoneOf(1),
      state: 'read',
      slot: 'main',
      text: 'Здравствуйте!',
      cells: [{ column: 'Phone', value: phoneOf(1) }],
      replies: [{ text: 'Да, интересно' }],
    });
    const refusedRow = (await allPages(id, { state: 'refused' }))[0]!;
    expect(await row(id, refusedRow.list, refusedRow.row)).toMatchObject({
      phone: null,
      cell: 'нет',
      reason: 'no_number',
      text: null,
      replies: [],
    });
  });

  test('of another run, list or account are not found', async () => {
    const stranger = still.host.as('vasilek');
    await stranger.call('post', `/campaigns/${id}/runs/1/rows`).send({}).expect(404);
    for (const [path, code] of [
      [`/campaigns/${id}/runs/2`, 'run_not_found'],
      [`/campaigns/${id}/runs/x`, 'run_not_found'],
      [`/campaigns/${id}/runs/1/rows/9/9`, 'row_not_found'],
      [`/campaigns/${id}/runs/1/rows/x/9`, 'row_not_found'],
    ] as const) {
      expect((await still.api.call('get', path).expect(404)).body.code).toBe(code);
    }
  });
});

test('pages follow each other without a gap or a repeat, from the messages to the refused rows', async () => {
  const id = await still.draft();
  const numbers = Array.from({ length: 120 }, (_, i) => i + 1000);
  await still.upload(id, 'main', [...numbers, ...numbers.map((n) => `нет ${'я'.repeat((n % 7) + 1)}`)]);
  await still.control(id, 'start');
  const rows = await allPages(id);
  expect(rows).toHaveLength(240);
  expect(rows.map(({ row: rowNo }) => rowNo)).toEqual(Array.from({ length: 240 }, (_, i) => i + 2));
  // A page that ends with the last message knows that refused rows follow.
  const { data, next } = await page(id, { after: 'm70' });
  expect([data.length, data.at(-1)!.state, next]).toEqual([50, 'queued', 'm120']);
});

test('what a process holds is shown as on its way', async () => {
  const id = await still.draft();
  await still.upload(id, 'main', [31, 32, 33]);
  await still.control(id, 'start');
  await still.grant(id, 0, 2);
  const states = async (state: string) => (await allPages(id, { state })).map(({ phone }) => phone);
  expect(await states('sending')).toEqual([phoneOf(31), phoneOf(32)]);
  expect(await states('queued')).toEqual([phoneOf(33)]);
  await still.giveBack(id, 0);
  await still.control(id, 'pause');
});

test('after a Clear the run still adds up, and what was sent is still in it', async () => {
  const id = await finished();
  await still.control(id, 'clear');
  const report = await runOf(id);
  expect(report.account).toMatchObject({ rows: 11, read: 2, refused: 2, duplicates: 2 });
  expect(report.groups.map(({ state }) => state)).toEqual(['failed', 'failed', 'sent', 'unknown']);
  expect((await allPages(id)).map(({ state }) => state)).toEqual([
    'read',
    'read',
    'delivered',
    'failed',
    'failed',
    'unknown',
    'sent',
  ]);
});
