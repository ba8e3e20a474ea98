import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { accountOf, completed, refOf, type Started } from './faults/account.ts';
import { oneRuns } from './faults/starts.ts';
import { until } from './faults/waiting.ts';
import { World } from './faults/world.ts';

/** The short form of `npm run faults`: the built product, really killed, against the provider's own ledger. */
let world: World;
beforeAll(async () => {
  world = await World.open();
});
afterAll(() => world?.close());

const ALL_WELL = { twice: 0, lost: 0, overRate: 0, unaccounted: 0, unknown: 0 };

test('after kill -9 in the middle of a campaign a new start finishes it, each message exactly once', async () => {
  const campaign: Started = { id: await world.campaign(1, 40, 300), messages: 40, rate: 300 };
  await world.control(campaign.id, 'start');
  await until(
    'it is in the middle',
    30_000,
    async () => (await world.stats(refOf(campaign.id))).accepted >= 12,
    10,
  );
  await world.backend!.kill();
  const atKill = (await world.stats(refOf(campaign.id))).accepted;
  expect(atKill).toBeLessThan(40);
  // Its PostgreSQL runs on; the new start takes it over by itself.
  await world.startBackend().ready();
  await completed(world, [campaign], 45_000);
  expect(await accountOf(world, [campaign], 1)).toMatchObject({ messages: 40, ...ALL_WELL });
  expect(await world.stats(refOf(campaign.id))).toMatchObject({
    accepted: 40,
    distinctRefs: 40,
    distinctPhones: 40,
  });
});

test('of two started at once after a kill exactly one runs, the other says why it does not, and the data are whole', async () => {
  const before = await world.get(1);
  await world.backend!.kill();
  world.backend = await oneRuns([world.startBackend(), world.startBackend()]);
  expect({ ...(await world.get(1)), asOf: before.asOf }).toEqual(before);
});
