import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RunList1764000300000 } from '../src/database/migrations/1764000300000-run-list.ts';
import { StillApp } from './still-app.ts';

/** What happens to the queue and to the account when files come and go, before, while and after a campaign runs. */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

describe('the rows a run accounts for', () => {
  test('a file added to a run of a part: its refused rows are in the account, and its rows once in the report', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 3, 'nobody']);
    await still.control(id, 'start');
    await still.settle(id, [1, 2], 'failed');
    await still.complete(id);
    await still.control(id, 'restart', { scope: 'failed' });
    await still.upload(id, 'additional', [4, 'x', 'y']);
    expect(await still.account(id)).toMatchObject({ rows: 5, refused: 2, queued: 3 });
    expect(await still.account(id, 1)).toMatchObject({ rows: 4, refused: 1, failed: 2, sent: 1 });
    expect(await still.report(id)).toEqual([
      '1 1 failed',
      '1 2 failed',
      '1 3 sent',
      '1 nobody refused',
      '2 1 queued',
      '2 2 queued',
      '2 4 queued',
      '2 x refused',
      '2 y refused',
    ]);
  });

  test('a file loaded into a finished campaign is in no run, and in the next one to all', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1]);
    await still.control(id, 'start');
    await still.settle(id, [1], 'failed');
    await still.complete(id);
    await still.upload(id, 'additional', [2, 'x']);
    expect(await still.account(id)).toMatchObject({ rows: 1, failed: 1 });
    expect(await still.report(id)).toEqual(['1 1 failed', '- 2 not started', '- x refused']);
    await still.control(id, 'restart', { scope: 'failed' });
    expect(await still.account(id)).toMatchObject({ rows: 1, queued: 1 });
    await still.complete(id);
    await still.control(id, 'restart');
    expect(await still.account(id)).toMatchObject({ rows: 3, refused: 1, queued: 2 });
  });

  test('runs that were there before are given the files they had by the times', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2]);
    await still.control(id, 'start');
    await still.settle(id, [1, 2], 'failed');
    await still.complete(id);
    await still.control(id, 'restart', { scope: 'failed' });
    await still.upload(id, 'additional', [3]);
    await still.complete(id);
    await still.upload(id, 'additional', [4]);
    const membership = () =>
      still.query(
        'select run, list_id from run_list where account_id = 1 and campaign_id = $1 order by 1, 2',
        [id],
      );
    const before = await membership();
    expect(before).toHaveLength(2);
    const runner = still.host.database.dataSource.createQueryRunner();
    const migration = new RunList1764000300000();
    await migration.down(runner);
    await migration.up(runner);
    await runner.release();
    expect(await membership()).toEqual(before);
  });
});
