import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { QueryRunner } from 'typeorm';
import { StillApp } from './still-app.ts';

/** Clear, and what is going on at that moment. */
let still: StillApp;
let other: QueryRunner;
beforeAll(async () => {
  still = await StillApp.start();
  other = still.host.database.dataSource.createQueryRunner();
});
afterAll(async () => {
  await other.release();
  await still.stop();
});

async function paused(numbers: readonly number[], cells: readonly string[] = []): Promise<number> {
  const id = await still.draft();
  await still.upload(id, 'main', [...numbers, ...cells]);
  await still.control(id, 'start');
  await still.control(id, 'pause');
  return id;
}

/** Clears while another process, in a transaction of its own, has changed these messages and not yet committed. */
async function clearDuring(
  id: number,
  change: string,
  meanwhile: () => Promise<unknown> = async () => undefined,
) {
  await other.startTransaction();
  await other.query(`update message set ${change} and account_id = 1 and campaign_id = $1`, [id]);
  const cleared = still.control(id, 'clear');
  await still.blocked();
  await meanwhile();
  await other.commitTransaction();
  return cleared;
}

const parts = async (id: number) => {
  const account = await still.account(id, 1);
  return Object.fromEntries(Object.entries(account).filter(([, count]) => count > 0));
};

describe('the account of a cleared run', () => {
  test('an answer recorded while it is cleared is counted once', async () => {
    const id = await paused([1, 2, 3], ['x']);
    await clearDuring(id, `state = 'sent', sent_at = now() where position = 1`);
    expect(await parts(id)).toEqual({ rows: 4, refused: 1, sent: 1, cancelled: 2 });
    expect(await still.report(id)).toEqual(['1 1 sent']);
  });

  test('what is given back while it is cleared is cancelled by the healing, and counts all the time', async () => {
    const id = await paused([1, 2, 3]);
    await still.grant(id, 0, 2);
    await clearDuring(id, 'attempt = 1 where position = 3', () => still.giveBack(id, 0));
    expect(await parts(id)).toEqual({ rows: 3, queued: 2, cancelled: 1 });
    await still.heal();
    expect(await parts(id)).toEqual({ rows: 3, cancelled: 3 });
    expect(await still.query('select 1 from dispatch_grant where campaign_id = $1', [id])).toEqual([]);
  });

  test('what a process holds is left to it: settled later, it is in the account', async () => {
    const id = await paused([1, 2, 3]);
    await still.grant(id, 0, 2);
    await still.control(id, 'clear');
    expect(await parts(id)).toEqual({ rows: 3, sending: 2, cancelled: 1 });
    expect(await still.queue(id)).toEqual(['1 main queued', '2 main queued']);
    await still.query(`update message set state = 'sent' where campaign_id = $1 and position = 1`, [id]);
    await still.giveBack(id, 0);
    await still.heal();
    expect(await parts(id)).toEqual({ rows: 3, sent: 1, cancelled: 2 });
  });

  test('what was handed over once without an answer is unknown, in hand or not', async () => {
    const id = await paused([1, 2, 3, 4, 5]);
    await still.grant(id, 0, 2);
    await still.grant(id, 2, 3);
    await still.giveBack(id, 2);
    await still.query('update message set in_doubt = true where campaign_id = $1 and position in (1, 3, 4)', [
      id,
    ]);
    await still.control(id, 'clear');
    expect(await parts(id)).toEqual({ rows: 5, sending: 2, unknown: 2, cancelled: 1 });
    await still.giveBack(id, 0);
    await still.heal();
    expect(await parts(id)).toEqual({ rows: 5, unknown: 3, cancelled: 2 });
    expect(await still.messages(id)).toMatchObject([
      { position: 1, state: 'unknown', reason: 'no_answer' },
      { position: 2, state: 'cancelled', reason: 'cleared' },
      { position: 3, state: 'unknown', reason: 'no_answer' },
      { position: 4, state: 'unknown', reason: 'no_answer' },
    ]);
  });

  test('of every run that used the files: each keeps what was sent and its own count of what was not', async () => {
    const id = await paused([1, 1, 2], ['x']);
    await still.settle(id, [1], 'failed');
    await still.complete(id);
    await still.control(id, 'restart', { scope: 'failed' });
    await still.upload(id, 'additional', [3, 'y']);
    await still.control(id, 'clear');
    expect(await parts(id)).toEqual({ rows: 4, refused: 1, duplicates: 1, failed: 1, sent: 1 });
    expect(await still.account(id, 2)).toMatchObject({ rows: 3, refused: 1, cancelled: 2 });
    expect(await still.report(id)).toEqual(['1 1 failed', '1 2 sent']);
  });
});

describe('while other processes fall silent', () => {
  const sends = (id: number, until: string) =>
    still.query(`update dispatch_grant set send_until = ${until} where account_id = 1 and campaign_id = $1`, [
      id,
    ]);

  /** A running campaign of which another process holds a message that it may still send. */
  async function busy(): Promise<number> {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 3]);
    await still.control(id, 'start');
    await still.grant(id, 0, 1);
    await sends(id, `now() + interval '1 h'`);
    return id;
  }

  test('it is paused, says that it is being cleared, and nothing is locked', async () => {
    const id = await busy();
    const cleared = still.api.control(id, 'clear');
    const answer = cleared.then(({ status }) => status);
    await still.paused(id, 'clearing');
    await still.query('select 1 from campaign where account_id = 1 and id = $1 for update nowait', [id]);
    await sends(id, 'now()');
    expect(await answer).toBe(200);
    const { body } = await still.api.call('get', `/campaigns/${id}/history`).expect(200);
    const steps = body.data.map(({ action, from, to, reason }: Record<string, string>) => [
      action,
      from,
      to,
      reason,
    ]);
    expect(steps.slice(0, 2)).toEqual([
      ['clear', 'paused', 'draft', null],
      ['pause', 'running', 'paused', 'clearing'],
    ]);
  });

  test('two who clear at once: one has cleared it, the other is told', async () => {
    const id = await busy();
    const answers = [1, 2].map(() =>
      still.api.control(id, 'clear').then(({ status, body }) => [status, body.code]),
    );
    await still.paused(id, 'clearing');
    await sends(id, 'now()');
    expect((await Promise.all(answers)).sort()).toEqual([
      [200, undefined],
      [409, 'control_not_allowed'],
    ]);
    const events = `select 1 from campaign_event where account_id = 1 and campaign_id = $1 and action = 'clear'`;
    expect(await still.query(events, [id])).toHaveLength(1);
  });

  test.each([
    ['resumed', false, 'running'],
    ['resumed and paused again', true, 'paused'],
  ])('one that somebody has %s meanwhile is not cleared', async (_, pauses, state) => {
    const id = await busy();
    const answer = still.api.control(id, 'clear').then(({ status, body }) => [status, body.code]);
    await still.paused(id, 'clearing');
    await still.control(id, 'resume');
    // A pause, too, is answered only when the other process is silent.
    const pause = pauses ? still.control(id, 'pause') : null;
    await still.api.until(id, (campaign) => campaign.state === state);
    await sends(id, 'now()');
    await pause;
    expect(await answer).toEqual([409, 'version_conflict']);
    expect(await still.account(id)).toMatchObject({ rows: 3, queued: 2, sending: 1 });
  });
});
