import { afterEach, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { LiveCampaigns } from './live-campaigns.ts';

/** A database that does not answer. */
const gone = {
  manager: { query: () => Promise.reject(new Error('Connection terminated')) },
} as unknown as DataSource;

let live: LiveCampaigns;
afterEach(() => live.onModuleDestroy());

test('whoever listens is sent away when the database has been gone for a while, and not at once', async () => {
  live = new LiveCampaigns(gone);
  let ended = 0;
  live.listen(
    { accountId: 1, campaignId: 1 },
    { role: 'admin', installationId: 'i', take: () => undefined, end: () => (ended += 1) },
  );
  await live.runOnce();
  await live.runOnce();
  expect(ended).toBe(0);
  await live.runOnce();
  await live.runOnce();
  expect(ended).toBeGreaterThan(0);
});
