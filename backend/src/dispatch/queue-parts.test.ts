import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { zoneAt } from '../../test/clocks.ts';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, messagesOf, phoneNumber, type TestCampaign } from '../../test/factories.ts';
import { completeFinished } from './campaign-stops.ts';
import { claim, grantedRows, skipHoles, type Grant, type GrantedRow } from './claim.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import { enqueueList } from './enqueue.ts';
import { emptyQueue, goOnElsewhere } from './queue-parts.ts';
import { record, type Outcome } from './record.ts';
import { withdrawList } from './withdraw.ts';

/**
 * Any order of claims, answers, grants given back, files that come and go and clocks that move: nothing is handed out twice or outside
 * the recipient's hours, and in the end everything has gone.
 */
let database: TestDatabase;
let hot: DispatchDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
  hot = new DispatchDatabase(database.dataSource);
  for (const region of REGIONS) {
    await database.dataSource.query('insert into number_range (low, high, zone) values ($1, $2, $3)', [
      79_120_000_000 + region * 1000,
      79_120_000_999 + region * 1000,
      zoneOf(region, true),
    ]);
  }
});
afterAll(async () => {
  await hot.close();
  await database.drop();
});

const REGIONS = [0, 1, 2];
const ANSWER_SECONDS = 600;

/** The test keeps the clock and moves the zones: each region has one of the day and one of the night. */
function zoneOf(region: number, open: boolean): string {
  return zoneAt((open ? 12 : 1) + region);
}

function phoneIn(region: number, n: number): string {
  return phoneNumber(region * 1000 + n);
}

function regionOf(phone: string): number {
  return Math.floor((Number(phone) - 79_120_000_000) / 1000);
}

class Run {
  readonly owner = randomUUID();
  readonly open = new Map(REGIONS.map((region) => [region, true]));
  readonly held: { grant: Grant; rows: GrantedRow[] }[] = [];
  readonly sent = new Set<number>();
  private lists = 1;
  private phones = 0;

  private constructor(readonly campaign: TestCampaign) {}

  static async begin(regions: readonly number[]): Promise<Run> {
    const campaign = await aCampaign(database.dataSource, { rate: 120, phones: [] });
    const run = new Run(campaign);
    await database.dataSource.transaction(async (manager) => {
      await manager.query(
        `update campaign set hours_by_recipient = true, hours_from = '09:00', hours_to = '21:00', hours_zone = $2, owner = $3
          where account_id = $1`,
        [campaign.accountId, zoneOf(0, true), run.owner],
      );
      await emptyQueue(manager, campaign, true);
    });
    await run.upload(regions);
    return run;
  }

  async upload(regions: readonly number[]): Promise<void> {
    const { accountId, campaignId } = this.campaign;
    this.lists += 1;
    const phones = regions.map((region) => phoneIn(region, (this.phones += 1)));
    await database.dataSource.transaction(async (manager) => {
      await manager.query('select 1 from campaign where account_id = $1 for update', [accountId]);
      await manager.query(
        `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
         select $1, $2, $3, row_no + 1, phone, row_no % 5 = 0, array[phone]
           from unnest($4::text[]) with ordinality as p (phone, row_no)`,
        [accountId, campaignId, this.lists, phones],
      );
      await enqueueList(manager, this.campaign, this.lists, true);
    });
    // Its parts have the zones of the ranges; the test's clock may stand elsewhere.
    await this.turn(REGIONS, null);
  }

  async remove(nth: number): Promise<void> {
    await database.dataSource.transaction(async (manager) => {
      await manager.query('select 1 from campaign where account_id = $1 for update', [
        this.campaign.accountId,
      ]);
      await withdrawList(manager, this.campaign, 2 + (nth % (this.lists - 1)));
    });
  }

  /** @param open null: as they were */
  async turn(regions: readonly number[], open: boolean | null): Promise<void> {
    for (const region of regions) {
      if (open !== null) this.open.set(region, open);
      const [now, other] = [this.open.get(region)!, !this.open.get(region)].map((each) =>
        zoneOf(region, each),
      );
      const key = [this.campaign.accountId, now, other];
      await database.dataSource.query(
        'update queue_part set zone = $2 where account_id = $1 and zone = $3',
        key,
      );
      await database.dataSource.query(
        'update campaign set hours_zone = $2 where account_id = $1 and hours_zone = $3',
        key,
      );
    }
  }

  async claim(): Promise<boolean> {
    await database.dataSource.query('update campaign set due_at = now(), owner = $2 where account_id = $1', [
      this.campaign.accountId,
      this.owner,
    ]);
    const [claimed] = await claim(hot, [this.campaign], this.owner, ANSWER_SECONDS, 0);
    expect(claimed!.inParts).toBe(true);
    if (!claimed!.grant) {
      const changed = await goOnElsewhere(database.dataSource.manager, [this.campaign], this.owner);
      return changed.length > 0;
    }
    const [rows] = await grantedRows(hot, [claimed!.grant]);
    const out = new Set(this.held.flatMap((each) => each.rows.map(({ position }) => position)));
    for (const { position, phone } of rows!) {
      expect([position, out.has(position), this.sent.has(position)]).toEqual([position, false, false]);
      expect([phone, this.open.get(regionOf(phone))]).toEqual([phone, true]);
    }
    if (rows!.length === 0) await skipHoles(hot, [this.campaign], this.owner);
    this.held.push({ grant: claimed!.grant, rows: rows! });
    return true;
  }

  async finish(nth: number, giveBack: boolean): Promise<void> {
    const [each] = this.held.splice(nth % Math.max(1, this.held.length), 1);
    if (!each) return;
    const { accountId, campaignId, run } = this.campaign;
    const outcomes = each.rows.map(({ position, phone }): Outcome => ({
      ...{ accountId, campaignId, run, position, phone, attempt: giveBack ? 0 : 1, inDoubt: false },
      ...{ segments: 1, reason: null, detail: null, channelId: 'channel', providerId: null },
      ...{ state: giveBack ? 'queued' : 'sent', sentAt: giveBack ? null : Date.now() },
    }));
    const ending = { ...each.grant, giveBackAfterMs: giveBack ? 0 : null };
    await record(hot, this.owner, giveBack ? [] : outcomes, [ending]);
    if (!giveBack) for (const { position } of each.rows) this.sent.add(position);
  }

  /** What the page says is handed out is what is, or has been, in somebody's hands or left out. */
  async addsUp(): Promise<void> {
    const [row] = await database.dataSource.query(
      `select cursor - parked as "handedOut", last_position as all,
              (select coalesce(sum(high - low), 0)::int from queue_part p where p.account_id = c.account_id) as "inParts",
              (select count(*)::int from message m where m.account_id = c.account_id and m.state = 'queued') as queued,
              (select count(*)::int from message m where m.account_id = c.account_id and m.state = 'sent') as sent,
              (select coalesce(sum(high - low), 0)::int from dispatch_grant g where g.account_id = c.account_id) as granted
         from campaign c where account_id = $1`,
      [this.campaign.accountId],
    );
    expect(row.handedOut).toBeGreaterThanOrEqual(row.sent + row.granted);
    expect(row.handedOut).toBeLessThanOrEqual(row.all - row.queued + row.granted);
    expect(row.inParts).toBeLessThanOrEqual(row.all);
  }

  async toTheEnd(): Promise<void> {
    await this.turn(REGIONS, true);
    for (let idle = 0; idle < 2;) {
      while (this.held.length > 0) await this.finish(0, false);
      idle = (await this.claim()) ? 0 : idle + 1;
      await this.addsUp();
    }
    expect(await completeFinished(database.dataSource.manager, [this.campaign])).toBe(1);
    const messages = await messagesOf(database.dataSource, this.campaign);
    const expected = messages
      .filter(({ state }) => state !== 'duplicate' && state !== 'cancelled')
      .map(({ position }) => position);
    expect([...this.sent].toSorted((a, b) => a - b)).toEqual(expected);
  }
}

type Step =
  | { kind: 'claim' }
  | { kind: 'finish' | 'giveBack' | 'remove'; nth: number }
  | { kind: 'turn'; regions: number[]; open: boolean }
  | { kind: 'upload'; regions: number[] };

const region = fc.constantFrom(...REGIONS);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ kind: 'claim' as const }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('finish' as const, 'giveBack' as const), nth: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), nth: fc.nat(5) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('turn' as const),
      regions: fc.uniqueArray(region, { minLength: 1 }),
      open: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('upload' as const),
      regions: fc.array(region, { minLength: 1, maxLength: 6 }),
    }),
  },
);

test('whatever the clocks do, each message is handed out once, in its recipient’s hours', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(region, { minLength: 1, maxLength: 12 }),
      fc.array(step, { maxLength: 25 }),
      async (regions, steps) => {
        const run = await Run.begin(regions);
        for (const each of steps) {
          if (each.kind === 'claim') await run.claim();
          else if (each.kind === 'turn') await run.turn(each.regions, each.open);
          else if (each.kind === 'upload') await run.upload(each.regions);
          else if (each.kind === 'remove') await run.remove(each.nth);
          else await run.finish(each.nth, each.kind === 'giveBack');
          await run.addsUp();
        }
        await run.toTheEnd();
      },
    ),
    { numRuns: 60 },
  );
});

test('of zones that are open the one whose hours end first goes first; of closed ones the first to open waits', async () => {
  const run = await Run.begin([0, 1, 2, 2, 2]);
  await run.claim();
  expect(regionOf(run.held[0]!.rows[0]!.phone)).toBe(2);
  await run.turn(REGIONS, false);
  await run.turn([1], true);
  await run.claim();
  await run.turn([1], false);
  await run.claim();
  const [row] = await database.dataSource.query(
    'select hours_zone as zone from campaign where account_id = $1',
    [run.campaign.accountId],
  );
  expect(row.zone).toBe(zoneOf(2, false));
});
