import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDataSource } from '../database/data-source.ts';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, messagesOf, phoneNumber, type TestCampaign } from '../../test/factories.ts';
import { claim, grantedRows, type Grant } from './claim.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import { enqueueList } from './enqueue.ts';
import { record } from './record.ts';
import { withdrawList } from './withdraw.ts';

/** So long that no lease ends while a test runs. */
const ANSWER_SECONDS = 600;

let database: TestDatabase;
let hot: DispatchDatabase;
let slowly: DispatchDatabase;
/** A role whose every look at a campaign takes a moment: between a claim's beginning and its lock. */
const slow = `slow_${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  database = await cloneDatabase();
  hot = new DispatchDatabase(database.dataSource);
  slowly = new DispatchDatabase(createDataSource(asRole(database.url, slow), 1));
  await database.dataSource.query(`
    create role ${slow} login password 'slow';
    grant all on all tables in schema public to ${slow};
    do $$ declare walled regclass; begin
      for walled in select polrelid::regclass from pg_policy where polrelid <> 'campaign'::regclass loop
        execute format('alter table %s disable row level security', walled);
      end loop;
    end $$;
    create policy slow on campaign using (pg_sleep(0.3) is not null)`);
});
afterAll(async () => {
  await Promise.all([hot.close(), slowly.close()]);
  await database.dataSource.query(`drop owned by ${slow}; drop role ${slow}`);
  await database.drop();
});

function asRole(url: string, role: string): string {
  return Object.assign(new URL(url), { username: role, password: 'slow' }).href;
}

/** Claims with `change` committed after the claim's snapshot and before its lock. @returns the positions it took */
async function claimWhile(campaign: TestCampaign, change: () => Promise<void>): Promise<number[]> {
  const owner = await lease(campaign);
  const claiming = positionsOf(slowly, campaign, owner);
  for (let sleeping = 0; sleeping === 0;) {
    const [{ count }] = await database.dataSource.query(
      `select count(*)::int from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
    );
    sleeping = count;
  }
  await change();
  return claiming;
}

async function claimNow(campaign: TestCampaign): Promise<number[]> {
  return positionsOf(hot, campaign, await lease(campaign));
}

/** Due now, and looked after by a process of its own. */
async function lease({ accountId, campaignId }: TestCampaign): Promise<string> {
  const owner = randomUUID();
  await database.dataSource.query(
    'update campaign set due_at = now(), owner = $3 where account_id = $1 and id = $2',
    [accountId, campaignId, owner],
  );
  return owner;
}

async function grantOf(campaign: TestCampaign, owner: string): Promise<Grant | null> {
  return (await claim(hot, [campaign], owner, ANSWER_SECONDS))[0]?.grant ?? null;
}

async function positionsOf(by: DispatchDatabase, campaign: TestCampaign, owner: string): Promise<number[]> {
  const claimed = await claim(by, [campaign], owner, ANSWER_SECONDS);
  const rows = await grantedRows(
    hot,
    claimed.flatMap(({ grant }) => (grant ? [grant] : [])),
  );
  return rows.flat().map(({ position }) => position);
}

async function end(campaign: TestCampaign): Promise<void> {
  await database.dataSource.query(`update campaign set state = 'completed' where account_id = $1`, [
    campaign.accountId,
  ]);
}

test('a list queued at the moment a campaign runs dry is not skipped', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  expect(await claimNow(campaign)).toEqual([1]);
  const during = await claimWhile(campaign, async () => {
    await database.dataSource.query(
      `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
       values ($1, $2, 2, 2, $3, false, '{}')`,
      [campaign.accountId, campaign.campaignId, phoneNumber(2)],
    );
    await enqueueList(database.dataSource.manager, campaign, 2, true);
  });
  expect([...during, ...(await claimNow(campaign))]).toContain(2);
  await end(campaign);
});

test('a list removed at that moment is not sent', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  const taken = await claimWhile(campaign, () => withdrawList(database.dataSource.manager, campaign, 1));
  expect(taken).toEqual([]);
  expect(await messagesOf(database.dataSource, campaign)).toMatchObject([{ state: 'cancelled' }]);
  await end(campaign);
});

test('what is recorded again after a lost answer does not end the grant’s next handing out', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  const owner = await lease(campaign);
  const grant = await grantOf(campaign, owner);
  const givenBack = { ...grant!, giveBackAfterMs: 0 };
  await record(hot, owner, [], [givenBack]);
  await database.dataSource.query('update campaign set due_at = now()');
  const again = await grantOf(campaign, owner);
  expect(again).toMatchObject({ low: grant!.low, abandoned: false });
  await record(hot, owner, [], [givenBack]);
  const held = 'select owner from dispatch_grant where account_id = $1';
  expect(await database.dataSource.query(held, [campaign.accountId])).toEqual([{ owner }]);
  await record(hot, owner, [], [{ ...again!, giveBackAfterMs: null }]);
  expect(await database.dataSource.query(held, [campaign.accountId])).toEqual([]);
});

test('outside its sending hours it is given nothing, not even what was given back, and loses nothing by it', async () => {
  const campaign = await aCampaign(database.dataSource, { rate: 60 });
  const { accountId, campaignId } = campaign;
  const at = (from: string, zone: string) =>
    database.dataSource.query(
      `update campaign set hours_from = $3, hours_to = '23:00', hours_zone = $4 where account_id = $1 and id = $2`,
      [accountId, campaignId, from, zone],
    );
  await database.dataSource.query(
    `insert into dispatch_grant (account_id, campaign_id, run, low, high, due_at, send_until, lease_until)
     values ($1, $2, 1, 0, 1, now(), now(), now())`,
    [accountId, campaignId],
  );
  await database.dataSource.query('update campaign set cursor = 1 where account_id = $1 and id = $2', [
    accountId,
    campaignId,
  ]);
  const hour = new Date().getUTCHours();
  // A zone where it is four o'clock in the morning, and one where it is noon.
  const zone = (wanted: number) => {
    const ahead = (wanted - hour + 24) % 24;
    return `<x>-${ahead}`;
  };
  await at('09:00', zone(4));
  const owner = await lease(campaign);
  const [closed] = await claim(hot, [campaign], owner, ANSWER_SECONDS);
  expect([closed!.grant, closed!.dueInMs]).toEqual([null, 60_000]);
  await at('09:00', zone(12));
  expect(await claimNow(campaign)).toEqual([1]);
  expect(await claimNow(campaign)).toEqual([2]);
  await end(campaign);
});
