import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { ControlResult } from '../../contract/campaign.ts';
import { StillApp } from './still-app.ts';

/** What a Pause says was on its way. */
let app: StillApp;
beforeAll(async () => {
  app = await StillApp.start();
});
afterAll(() => app.stop());

async function pause(id: number): Promise<ControlResult> {
  return (await app.api.control(id, 'pause').expect(200)).body as ControlResult;
}

async function running(numbers: number): Promise<number> {
  const id = await app.draft();
  await app.upload(
    id,
    'main',
    Array.from({ length: numbers }, (_, i) => i + 1),
  );
  await app.api.control(id, 'start').expect(200);
  return id;
}

test('nothing in anybody’s hands: nothing is on its way', async () => {
  expect((await pause(await running(3))).inFlight).toBe(0);
});

test('what another process has in hand is counted, what it has said is recorded is not', async () => {
  const id = await running(8);
  await app.grant(id, 0, 5);
  await app.settle(id, [2, 3], 'sent');
  const { inFlight, campaign } = await pause(id);
  expect(inFlight).toBe(3);
  expect(campaign.progress.account).toMatchObject({ rows: 8, sending: 3, sent: 2, queued: 3 });
});

test('what has been given back is not on its way', async () => {
  const id = await running(4);
  await app.grant(id, 0, 4);
  await app.giveBack(id, 0);
  expect((await pause(id)).inFlight).toBe(0);
});
