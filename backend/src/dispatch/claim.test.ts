import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, messagesOf, phoneNumber, type TestCampaign } from '../../test/factories.ts';
import { claim } from './claim.ts';
import { cancelQueued, enqueueList } from './enqueue.ts';
import { record } from './record.ts';

let database: TestDatabase;
/** A role whose every look at a campaign takes a moment: between a claim's beginning and its lock. */
const slow = `slow_${randomUUID().slice(0, 8)}`;

beforeAll(async () => {
  database = await cloneDatabase();
  await database.dataSource.query(`
    create role ${slow};
    grant all on all tables in schema public to ${slow};
    alter table campaign enable row level security;
    create policy slow on campaign using (pg_sleep(0.3) is not null)`);
});
afterAll(async () => {
  await database.dataSource.query(`drop owned by ${slow}; drop role ${slow}`);
  await database.drop();
});

/** Claims with `change` committed after the claim's snapshot and before its lock. @returns the positions it took */
async function claimWhile(change: () => Promise<void>): Promise<number[]> {
  const claiming = database.dataSource.transaction(async (manager) => {
    await manager.query(`set local role ${slow}`);
    return claim(manager, 10, randomUUID(), 1);
  });
  for (let sleeping = 0; sleeping === 0;) {
    const [{ count }] = await database.dataSource.query(
      `select count(*)::int from pg_stat_activity where wait_event = 'PgSleep' and datname = current_database()`,
    );
    sleeping = count;
  }
  await change();
  const { grants } = await claiming;
  return grants.flatMap(({ rows }) => rows.map(({ position }) => position));
}

async function claimNow(campaign: TestCampaign): Promise<number[]> {
  await database.dataSource.query('update campaign set due_at = now() where account_id = $1', [
    campaign.accountId,
  ]);
  const { grants } = await claim(database.dataSource.manager, 10, randomUUID(), 1);
  const own = grants.filter(({ accountId }) => accountId === campaign.accountId);
  return own.flatMap(({ rows }) => rows.map(({ position }) => position));
}

async function end(campaign: TestCampaign): Promise<void> {
  await database.dataSource.query(`update campaign set state = 'completed' where account_id = $1`, [
    campaign.accountId,
  ]);
}

test('a list queued at the moment a campaign runs dry is not skipped', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  expect(await claimNow(campaign)).toEqual([1]);
  await database.dataSource.query('update campaign set due_at = now()');
  await claimWhile(async () => {
    await database.dataSource.query(
      `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
       values ($1, $2, 2, 2, $3, false, '{}')`,
      [campaign.accountId, campaign.campaignId, phoneNumber(2)],
    );
    await enqueueList(database.dataSource.manager, campaign, 2, true);
  });
  expect(await claimNow(campaign)).toEqual([2]);
  await end(campaign);
});

test('a list removed at that moment is not sent', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  const taken = await claimWhile(() => cancelQueued(database.dataSource.manager, campaign, 1));
  expect(taken).toEqual([]);
  expect(await messagesOf(database.dataSource, campaign)).toMatchObject([{ state: 'cancelled' }]);
  await end(campaign);
});

test('what is recorded again after a lost answer does not end the grant’s next handing out', async () => {
  const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
  const { manager } = database.dataSource;
  const owner = randomUUID();
  const [grant] = (await claim(manager, 10, owner, 1)).grants;
  const givenBack = { ...grant!, giveBackAfterMs: 0 };
  await record(manager, owner, [], [givenBack]);
  await database.dataSource.query('update campaign set due_at = now()');
  const [again] = (await claim(manager, 10, owner, 1)).grants;
  expect(again).toMatchObject({ low: grant!.low, abandoned: false });
  await record(manager, owner, [], [givenBack]);
  const held = 'select owner from dispatch_grant where account_id = $1';
  expect(await database.dataSource.query(held, [campaign.accountId])).toEqual([{ owner }]);
  await record(manager, owner, [], [{ ...again!, giveBackAfterMs: null }]);
  expect(await database.dataSource.query(held, [campaign.accountId])).toEqual([]);
});
