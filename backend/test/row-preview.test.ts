import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RowPreview, RowPreviewRequest } from '../../contract/row-preview.ts';
import type { ListSlot } from '../../contract/list.ts';
import { phoneOf, StillApp } from './still-app.ts';

/** What a person is shown of a row before Start is what Start does with it. */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

async function look(id: number, wanted: RowPreviewRequest): Promise<RowPreview[]> {
  const { body } = await still.api.call('post', `/campaigns/${id}/row-preview`).send(wanted).expect(200);
  return (body as { data: RowPreview[] }).data;
}

async function load(id: number, slot: ListSlot, lines: string[]): Promise<void> {
  await still.api.upload(id, slot, ['Phone;Name', ...lines].join('\r\n')).expect(200);
}

const LONG = 'ы'.repeat(400);

/** Main: Anna, a duplicate, a refused cell, a too long and a blank row, one on the stop list; additional: one of them and a new one. */
async function files(removeDuplicates: boolean): Promise<number> {
  const id = await still.draft({ text: '{{Name}}', removeDuplicates });
  await still.api.call('post', '/stop-list').send({ phone: phoneOf(9) });
  await load(id, 'main', [
    `${phoneOf(1)};Anna`,
    `${phoneOf(1)};Anna again`,
    'none;Boris',
    `${phoneOf(2)};${LONG}`,
    `${phoneOf(3)};`,
    `${phoneOf(9)};Stopped`,
    `${phoneOf(4)};Darya`,
  ]);
  await load(id, 'additional', [`${phoneOf(4)};Darya of the other`, `${phoneOf(5)};Egor`]);
  return id;
}

describe.each([true, false])('with duplicates removed: %s', (removeDuplicates) => {
  test('every row has the fate that Start gives it, and the text that is sent', async () => {
    const id = await files(removeDuplicates);
    const told: RowPreview[] = [];
    for (const slot of ['main', 'additional'] as const) {
      const rows = slot === 'main' ? 7 : 2;
      for (let row = 2; row <= rows + 1; row += 1) told.push(...(await look(id, { slot, row })));
    }
    expect(told).toHaveLength(9);
    expect(told.map(({ slot, row, fate }) => `${slot} ${row} ${fate}`)).toEqual([
      'main 2 queued',
      `main 3 ${removeDuplicates ? 'duplicate' : 'queued'}`,
      'main 4 refused',
      'main 5 sms_too_long',
      'main 6 empty_variable',
      'main 7 stopped',
      'main 8 queued',
      `additional 2 ${removeDuplicates ? 'duplicate' : 'queued'}`,
      'additional 3 queued',
    ]);
    expect(told[0]).toMatchObject({ text: 'Anna', segments: 1, empty: [], phone: '+7912…01' });
    expect(told[2]).toMatchObject({ text: null, phone: null, refusal: 'no_number' });
    expect(told[4]).toMatchObject({ text: '', segments: 0, empty: ['Name'] });

    await still.control(id, 'start');
    const started = await still.query<{ row: string; state: string }>(
      `select l.slot || ' ' || m.row_no as row, m.state::text
         from message m join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
        where m.account_id = 1 and m.campaign_id = $1`,
      [id],
    );
    // What the message itself forbids is found when its turn comes; until then it waits with the others.
    const inQueue = new Set(['queued', 'sms_too_long', 'empty_variable']);
    const expected = told
      .filter(({ fate }) => fate !== 'refused')
      .map(({ slot, row, fate }) => `${slot} ${row} ${inQueue.has(fate) ? 'queued' : fate}`);
    expect(started.map(({ row, state }) => `${row} ${state}`).sort()).toEqual(expected.sort());
  });
});

test('by its number as a person types it, in every file that has it; nothing asked for: the first that is written to', async () => {
  const id = await files(true);
  const typed = phoneOf(4).replace('+7', '8 ');
  expect((await look(id, { phone: typed })).map(({ slot, row }) => [slot, row])).toEqual([
    ['main', 8],
    ['additional', 2],
  ]);
  expect(await look(id, { phone: phoneOf(77) })).toEqual([]);
  expect(await look(id, { row: 500 })).toEqual([]);
  expect(await look(id, { row: 1 })).toEqual([]);
  const [first] = await look(id, {});
  expect(first).toMatchObject({
    slot: 'main',
    row: 2,
    columns: ['Phone', 'Name'],
    cells: [phoneOf(1), 'Anna'],
  });
  const ask = (body: object) => still.api.call('post', `/campaigns/${id}/row-preview`).send(body);
  await ask({ phone: 'nobody' }).expect(422);
  for (const wrong of [{ row: 0 }, { row: 2 ** 31 }, { row: 1.5 }, { row: '2' }, { slot: 'other' }]) {
    await ask(wrong).expect(400);
  }
  expect(await look(id, { row: 2 ** 31 - 1 })).toEqual([]);
});

test('without a file there is no row, without a text no message', async () => {
  const id = await still.draft({ text: '' });
  expect(await look(id, {})).toEqual([]);
  await still.upload(id, 'main', [1]);
  expect(await look(id, {})).toMatchObject([{ row: 2, fate: 'queued', text: null, segments: null }]);
});
