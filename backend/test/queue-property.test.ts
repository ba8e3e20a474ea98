import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ListReplacement } from '../../contract/list.ts';
import { accountAddsUp, emptyAccount, type MessageState } from '../../contract/message-states.ts';
import { StillApp, type PhoneMessage } from './still-app.ts';

/**
 * Files that come and go, runs that begin, end and are cleared, and messages that end one way or another, in any order.
 * A model keeps only what can be told without the queue: which files a run has used and how many rows they have.
 */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

type Slot = 'main' | 'additional';
type Step =
  | { kind: 'upload'; slot: Slot; cells: (number | string)[] }
  | { kind: 'correct'; slot: Slot; numbers: number[] }
  | { kind: 'remove'; slot: Slot }
  | { kind: 'rule'; rule: 'remove' | 'send' }
  | { kind: 'duplicates'; removed: boolean }
  | { kind: 'hold' | 'return' | 'complete' | 'clear' | 'start' }
  | { kind: 'settle'; state: MessageState; share: number }
  | { kind: 'restart'; scope: 'all' | 'failed' | 'undelivered' };

const slot = fc.constantFrom<Slot>('main', 'additional');
const cell = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 6 }), weight: 8 },
  { arbitrary: fc.constant('x'), weight: 2 },
);
const state = fc.constantFrom<MessageState>('sent', 'delivered', 'failed', 'unknown');
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('upload' as const),
      slot,
      // a file with nobody to write to is refused as a whole
      cells: fc
        .array(cell, { minLength: 1, maxLength: 6 })
        .filter((cells) => cells.some((each) => each !== 'x')),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('remove' as const), slot }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('correct' as const),
      slot,
      numbers: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 2 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('rule' as const), rule: fc.constantFrom('remove', 'send') }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('duplicates' as const), removed: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      state,
      share: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('hold', 'return') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('start', 'complete', 'clear') }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      scope: fc.constantFrom('all', 'failed', 'undelivered'),
    }),
  },
) as fc.Arbitrary<Step>;

interface Model {
  id: number;
  state: 'draft' | 'paused' | 'completed';
  files: Partial<Record<Slot, (number | string)[]>>;
  /** Rows of each run: of its files, or of what a run of a part was made of. */
  rows: number[];
  /** Runs whose duplicates were removed. */
  once: boolean[];
  removeDuplicates: boolean;
  rule: 'remove' | 'send';
}

const LIVE: readonly string[] = ['queued', 'unknown', 'sent', 'failed', 'delivered', 'read'];

async function apply(model: Model, each: Step): Promise<void> {
  const { id } = model;
  const under = model.state === 'paused';
  switch (each.kind) {
    case 'upload': {
      const told = await still.replacement(id, each.slot, each.cells);
      await still.upload(id, each.slot, each.cells);
      if (under) await happenedAsTold(model, each.slot, told);
      model.files[each.slot] = each.cells;
      if (under) model.rows[model.rows.length - 1]! += each.cells.length;
      return;
    }
    case 'remove':
      await still.api
        .call('delete', `/campaigns/${id}/lists/${each.slot}`)
        .expect(model.files[each.slot] ? 200 : 404);
      delete model.files[each.slot];
      return;
    case 'correct':
      return correct(model, each.slot, each.numbers);
    case 'rule':
      await still.api.change(id, { onFileRemoval: each.rule });
      model.rule = each.rule;
      return;
    case 'duplicates':
      if (under) return;
      await still.api.change(id, { removeDuplicates: each.removed });
      model.removeDuplicates = each.removed;
      return;
    case 'settle':
      return settle(model, each.state, each.share);
    case 'hold':
      return hold(model);
    case 'return':
      await still.query('update dispatch_grant set owner = null where campaign_id = $1', [id]);
      return;
    case 'start':
      if (model.state !== 'draft' || Object.keys(model.files).length === 0) return;
      return begin(model, () => still.api.control(id, 'start'), null);
    case 'restart': {
      if (model.state !== 'completed') return;
      const { body: counts } = await still.api.call('get', `/campaigns/${id}/restart`).expect(200);
      return begin(
        model,
        () => still.api.control(id, 'restart', { scope: each.scope }),
        each.scope === 'all' ? null : counts[each.scope],
        counts[each.scope],
      );
    }
    case 'complete':
      if (!under) return;
      await still.complete(id);
      model.state = 'completed';
      return;
    case 'clear':
      if (model.state === 'draft') return;
      await still.control(id, 'clear');
      model.state = 'draft';
      model.files = {};
      await still.heal();
      return;
  }
}

/** What was to be queued of a file is, and nothing else. */
async function happenedAsTold(
  { id, removeDuplicates }: Model,
  slot: Slot,
  told: ListReplacement,
): Promise<void> {
  const { refused, duplicates, stopped, written, waiting, again, added } = told;
  expect(refused + duplicates + stopped + written + waiting + again + added).toBe(told.rows);
  const list = (await still.api.get(id)).lists.find((each) => each.slot === slot)!;
  const [{ queued }] = (await still.query<{ queued: number }>(
    `select count(*)::int as queued from message
      where account_id = 1 and campaign_id = $1 and list_id = $2 and state = 'queued'`,
    [id, list.id],
  )) as [{ queued: number }];
  expect(queued).toBe(removeDuplicates ? again + added : written + waiting + again + added);
}

/** Of a file that this run does not account for, the rows that join it are rows of the run. */
async function correct(model: Model, slot: Slot, numbers: readonly number[]): Promise<void> {
  if (!model.files[slot]) return;
  const { id } = model;
  const run = model.rows.length;
  const before = (await still.messages(id, run)).length;
  await still.correct(
    id,
    slot,
    numbers.map((number) => ['x', number] as const),
  );
  if (model.state !== 'paused') return;
  const ofRun = await still.query(
    `select 1 from run_list join list l using (account_id, campaign_id)
      where account_id = 1 and campaign_id = $1 and run = $2 and list_id = l.id and l.slot = $3 and l.removed_at is null`,
    [id, run, slot],
  );
  if (ofRun.length === 0) model.rows[run - 1]! += (await still.messages(id, run)).length - before;
}

/** Begins a run and pauses it. Where there is nobody to write to it is refused, and nothing changes. */
async function begin(
  model: Model,
  control: () => ReturnType<StillApp['api']['control']>,
  partRows: number | null,
  promised?: number,
): Promise<void> {
  const answer = await control();
  if (promised !== undefined && Object.keys(model.files).length > 0)
    expect(answer.status === 200).toBe(promised > 0);
  if (answer.status !== 200) {
    expect(answer.status).toBe(422);
    return;
  }
  await still.control(model.id, 'pause');
  const filesRows = Object.values(model.files).reduce((sum, cells) => sum + cells.length, 0);
  model.rows.push(partRows ?? filesRows);
  model.once.push(model.removeDuplicates);
  model.state = 'paused';
  if (promised !== undefined) expect((await still.account(model.id)).queued).toBe(promised);
}

/** A share of what is queued ends like this, at the front of the queue as always. */
async function settle({ id, state }: Model, to: MessageState, share: number): Promise<void> {
  if (state !== 'paused') return;
  const queued = (await still.messages(id)).filter(
    (message) => message.state === 'queued' && message.reason === null,
  );
  const upTo = queued[Math.ceil(queued.length * share) - 1]?.position ?? 0;
  await still.query(
    `update message m set state = $3, sent_at = now() from campaign c
      where c.account_id = 1 and c.id = $1 and m.account_id = 1 and m.campaign_id = c.id and m.run = c.run
        and m.state = 'queued' and m.reason is null and m.position <= $2`,
    [id, upTo, to],
  );
}

/** Another process takes the next two of the queue. */
async function hold({ id, state }: Model): Promise<void> {
  if (state !== 'paused') return;
  const [campaign] = await still.query<{ cursor: number; last_position: number }>(
    'select cursor, last_position from campaign where account_id = 1 and id = $1',
    [id],
  );
  const high = Math.min(campaign!.cursor + 2, campaign!.last_position);
  if (high > campaign!.cursor) await still.grant(id, campaign!.cursor, high);
}

async function check(model: Model): Promise<void> {
  let lines = 0;
  for (const [at, rows] of model.rows.entries()) {
    const account = await still.account(model.id, at + 1);
    expect({ run: at + 1, rows: account.rows, addsUp: accountAddsUp(account) }).toEqual({
      run: at + 1,
      rows,
      addsUp: true,
    });
    expect(Object.values({ ...emptyAccount(), ...account }).every((count) => count >= 0)).toBe(true);
    const messages = await still.messages(model.id, at + 1);
    if (model.once[at]) expect(twice(messages)).toEqual([]);
    lines += messages.length;
  }
  const [{ refused }] = (await still.query<{ refused: number }>(
    `select ((select count(*) from contact join run_list using (account_id, campaign_id, list_id)
               where account_id = 1 and campaign_id = $1 and phone is null)
             + (select count(*) from correction k join run_list rl using (account_id, campaign_id, list_id)
                 where account_id = 1 and campaign_id = $1 and rl.run < k.run))::int as refused`,
    [model.id],
  )) as [{ refused: number }];
  const run = model.rows.length;
  const report = await still.report(model.id);
  expect(report.filter((line) => !line.startsWith('-'))).toHaveLength(lines + refused);
  if (model.state === 'paused' && model.once[run - 1] && model.rule === 'remove')
    await nobodyIsForgotten(model);
}

function twice(messages: readonly PhoneMessage[]): string[] {
  const live = messages.filter((message) => LIVE.includes(message.state)).map(({ phone }) => phone);
  return live.filter((phone, at) => live.indexOf(phone) !== at);
}

/** Every number of a loaded file that the run has used has a message that went or will go. */
async function nobodyIsForgotten(model: Model): Promise<void> {
  const messages = await still.messages(model.id);
  const live = new Set(messages.filter((message) => LIVE.includes(message.state)).map(({ phone }) => phone));
  const used = await still.query<{ phone: string }>(
    `select distinct c.phone
       from message m join contact c using (account_id, campaign_id, list_id, row_no)
       join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
      where m.account_id = 1 and m.campaign_id = $1 and m.run = $2 and l.removed_at is null`,
    [model.id, model.rows.length],
  );
  expect(used.map(({ phone }) => phone).filter((phone) => !live.has(phone))).toEqual([]);
}

test('whatever happens to its files, each run accounts for every row and writes to nobody twice', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 14 }), fc.boolean(), async (steps, once) => {
      const id = await still.draft({ removeDuplicates: once });
      const model: Model = {
        id,
        state: 'draft',
        files: {},
        rows: [],
        once: [],
        removeDuplicates: once,
        rule: 'remove',
      };
      await apply(model, { kind: 'upload', slot: 'main', cells: [1, 2, 3, 2, 'x'] });
      await apply(model, { kind: 'start' });
      for (const each of steps) {
        await apply(model, each);
        await check(model);
      }
    }),
    { numRuns: 12, endOnFailure: false },
  );
}, 240_000);
