import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, messagesOf, phoneNumber } from '../../test/factories.ts';
import { applyReceipts, type StoredReceipt } from './apply-receipts.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

const at = (second: number) => new Date(Date.UTC(2026, 10, 24, 10, 0, second)).toISOString();
const receipt = (
  accountId: number,
  client_ref: string,
  status: StoredReceipt['status'],
  second: number,
  message_id = 'p',
): StoredReceipt => ({
  key: `${status}${second}${Math.random()}`,
  accountId,
  message_id,
  client_ref,
  status,
  occurred_at: at(second),
});

const apply = (receipts: StoredReceipt[]) => applyReceipts(database.dataSource.manager, receipts);

test('in any order, any number and any batches, receipts lead to the same message', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray(['sent', 'sent', 'delivered', 'delivered', 'read', 'read'] as const, {
        minLength: 6,
      }),
      fc.integer({ min: 1, max: 6 }),
      async (order, batch) => {
        const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
        const ref = `${campaign.accountId}:${campaign.campaignId}:1:1`;
        const seconds = { sent: 1, delivered: 2, read: 3 };
        const all = order.map((status) => receipt(campaign.accountId, ref, status, seconds[status]));
        for (let i = 0; i < all.length; i += batch) await apply(all.slice(i, i + batch));
        const [row] = await database.dataSource.query(
          'select state, sent_at, delivered_at, read_at from message where account_id = $1 and campaign_id = $2',
          [campaign.accountId, campaign.campaignId],
        );
        expect(row.state).toBe('read');
        // A receipt that came first stands for those before it until they come.
        expect(row.delivered_at.toISOString()).toBe(at(2));
        expect(row.read_at.toISOString()).toBe(at(3));
      },
    ),
    { numRuns: 25 },
  );
});

describe('a receipt', () => {
  test.each<[string, StoredReceipt['status'][], string]>([
    ['"failed" after "sent" fails it', ['sent', 'failed'], 'failed'],
    ['"delivered" after "failed" is believed', ['failed', 'delivered'], 'delivered'],
    ['"failed" after "delivered" is not', ['delivered', 'failed'], 'delivered'],
    ['"sent" after "read" changes nothing', ['read', 'sent'], 'read'],
  ])('%s', async (_name, statuses, state) => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    const ref = `${campaign.accountId}:${campaign.campaignId}:1:1`;
    for (const [i, status] of statuses.entries()) await apply([receipt(campaign.accountId, ref, status, i)]);
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([{ state }]);
  });

  test('finds its message by the provider’s id where our reference is missing', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    await database.dataSource.query(
      `with sent as (
         update message set provider_id = 'wamid.1' where account_id = $1 and campaign_id = $2 returning *)
       insert into provider_message (account_id, campaign_id, run, position, id_key, recipient_key)
       select account_id, campaign_id, run, position, lookup_key(account_id, provider_id), 0 from sent`,
      [campaign.accountId, campaign.campaignId],
    );
    expect(await apply([receipt(campaign.accountId, '', 'delivered', 1, 'wamid.1')])).toEqual([]);
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([{ state: 'delivered' }]);
  });

  test('of another account’s reference, or of none we know, is told back and changes nothing', async () => {
    const campaign = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    const stranger = await aCampaign(database.dataSource, { phones: [phoneNumber(1)] });
    const wrong = [
      receipt(stranger.accountId, `${campaign.accountId}:${campaign.campaignId}:1:1`, 'read', 1),
      receipt(campaign.accountId, `${campaign.accountId}:999:1:1`, 'read', 1),
      receipt(campaign.accountId, 'whatever', 'read', 1),
    ];
    expect(await apply(wrong)).toEqual(wrong.map(({ key }) => key));
    expect(await messagesOf(database.dataSource, campaign)).toMatchObject([{ state: 'queued' }]);
  });
});
