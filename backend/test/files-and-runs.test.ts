import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { RunList1764000300000 } from '../src/database/migrations/1764000300000-run-list.ts';
import { completeFinished } from '../src/dispatch/campaign-stops.ts';
import { phoneOf, StillApp } from './still-app.ts';

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

describe('a file removed while the campaign runs, its entries taken out of the queue', () => {
  test('what nobody holds is cancelled, or unknown where it may have left; what a process holds is marked', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 3, 4]);
    await still.upload(id, 'additional', [9]);
    await still.control(id, 'start');
    await still.control(id, 'pause');
    await still.grant(id, 0, 1);
    await still.grant(id, 1, 2);
    await still.giveBack(id, 1);
    await still.query('update message set in_doubt = true where campaign_id = $1 and position in (1, 3)', [
      id,
    ]);
    await still.remove(id, 'main');
    expect(await still.messages(id)).toMatchObject([
      { position: 1, state: 'queued', reason: 'list_removed' },
      { position: 2, state: 'cancelled', reason: 'list_removed' },
      { position: 3, state: 'unknown', reason: 'no_answer' },
      { position: 4, state: 'cancelled', reason: 'list_removed' },
      { position: 5, state: 'queued', reason: null, slot: 'additional' },
    ]);
    expect(await still.account(id)).toMatchObject({
      rows: 5,
      sending: 1,
      queued: 1,
      cancelled: 2,
      unknown: 1,
    });
  });

  test.each([
    ['not sent', 'cancelled', ['1 main cancelled', '1 additional queued'], 0],
    ['gone already', 'sent', ['1 main sent', '1 additional duplicate'], 1],
  ] as const)(
    'a number that both files have, held at that moment and %s, is written to once in all',
    async (_, state, queue, completes) => {
      const id = await still.draft();
      await still.upload(id, 'main', [1]);
      await still.upload(id, 'additional', [1]);
      await still.control(id, 'start');
      await still.grant(id, 0, 1);
      await still.remove(id, 'main');
      const complete = async () => {
        await still.query('update campaign set cursor = last_position where account_id = 1 and id = $1', [
          id,
        ]);
        return completeFinished(still.host.database.dataSource.manager, [
          { accountId: 1, campaignId: id, run: 1 },
        ]);
      };
      await still.heal();
      expect(await still.queue(id)).toEqual(['1 main queued', '1 additional duplicate']);
      await still.settle(id, [1], state, state === 'cancelled' ? 'list_removed' : null);
      await still.query('delete from dispatch_grant where campaign_id = $1', [id]);
      expect(await complete()).toBe(0);
      await still.query('update campaign set cursor = 0 where account_id = 1 and id = $1', [id]);
      await still.heal();
      expect(await still.queue(id)).toEqual(queue);
      if (completes) expect(await complete()).toBe(1);
    },
  );
});

describe('a file replaced while the campaign runs', () => {
  test('the new file’s numbers are queued, then those of the other file that the old one had', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 3]);
    await still.upload(id, 'additional', [3, 4, 1]);
    await still.control(id, 'start');
    await still.control(id, 'pause');
    await still.settle(id, [2], 'sent');
    await still.upload(id, 'main', [2, 5, 5]);
    expect(await still.queue(id)).toEqual([
      '1 main cancelled',
      '2 main sent',
      '3 main cancelled',
      '4 additional queued',
      '5 main queued',
      '2 main duplicate',
      '5 main duplicate',
      '3 additional queued',
      '1 additional queued',
    ]);
    expect(await still.account(id)).toMatchObject({
      rows: 9,
      cancelled: 2,
      sent: 1,
      duplicates: 2,
      queued: 4,
    });
  });

  test('a number of the main file that the old additional one had goes to the main file, not to the new one', async () => {
    const id = await still.draft();
    await still.upload(id, 'additional', [1, 2]);
    await still.control(id, 'start');
    await still.upload(id, 'main', [1, 3]);
    expect(await still.queue(id)).toEqual([
      '1 additional queued',
      '2 additional queued',
      '3 main queued',
      '1 main duplicate',
    ]);
    await still.upload(id, 'additional', [1, 4]);
    expect((await still.queue(id)).slice(2)).toEqual([
      '3 main queued',
      '4 additional queued',
      '1 additional duplicate',
      '1 main queued',
    ]);
  });

  test('with "still sent" the old file’s entries stay, and the new one has no number of theirs', async () => {
    const id = await still.draft({ onFileRemoval: 'send' });
    await still.upload(id, 'main', [1]);
    await still.control(id, 'start');
    await still.upload(id, 'main', [1, 2]);
    expect(await still.queue(id)).toEqual(['1 main queued', '2 main queued', '1 main duplicate']);
  });

  test('a number put on the stop list meanwhile is not queued again', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [71]);
    await still.upload(id, 'additional', [71]);
    await still.control(id, 'start');
    await still.api
      .call('post', '/stop-list')
      .send({ phone: phoneOf(71) })
      .expect(204);
    await still.remove(id, 'main');
    expect(await still.queue(id)).toEqual(['71 main cancelled', '71 additional duplicate']);
  });
});

describe('what removing a file would do is told beforehand', () => {
  const removal = async (id: number, slot: string) =>
    (await still.api.call('get', `/campaigns/${id}/lists/${slot}/removal`).expect(200)).body;

  test('before a run: its contacts, and the numbers that then count by the other file', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 2, 3]);
    await still.upload(id, 'additional', [3, 4]);
    expect(await removal(id, 'main')).toEqual({
      written: 0,
      sending: 0,
      waiting: 3,
      rule: 'remove',
      byOther: 1,
    });
    expect(await removal(id, 'additional')).toMatchObject({ waiting: 1, byOther: 0 });
    await still.remove(id, 'main');
    expect((await still.api.get(id)).progress.account).toMatchObject({ rows: 2, queued: 2 });
    await still.api.change(id, { removeDuplicates: false });
    await still.upload(id, 'main', [1, 2, 2, 3]);
    expect(await removal(id, 'main')).toMatchObject({ waiting: 4, byOther: 0 });
    await still.api.call('get', `/campaigns/${await still.draft()}/lists/main/removal`).expect(404);
  });

  test.each(['remove', 'send'] as const)(
    'with "%s": what happens is what was told',
    async (onFileRemoval) => {
      const id = await still.draft({ onFileRemoval });
      await still.upload(id, 'main', [1, 2, 3, 4, 5]);
      await still.upload(id, 'additional', [1, 3, 5, 6]);
      await still.control(id, 'start');
      await still.control(id, 'pause');
      await still.settle(id, [1], 'sent');
      await still.grant(id, 1, 3);
      await still.query('update message set in_doubt = true where campaign_id = $1 and position = 4', [id]);
      const told = await removal(id, 'main');
      expect(told).toEqual({
        written: 2,
        sending: 2,
        waiting: 1,
        rule: onFileRemoval,
        byOther: onFileRemoval === 'remove' ? 1 : 0,
      });
      const before = await still.account(id);
      await still.remove(id, 'main');
      const after = await still.account(id);
      expect(after.cancelled).toBe(onFileRemoval === 'remove' ? told.waiting : 0);
      expect(before.duplicates - after.duplicates).toBe(told.byOther);
      expect(after.sending).toBe(told.sending);
    },
  );

  test('of a finished run: what was written, which stays', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2, 2]);
    await still.control(id, 'start');
    await still.complete(id);
    expect(await removal(id, 'main')).toMatchObject({ written: 2, sending: 0, waiting: 0, byOther: 0 });
  });
});

describe('what a file would do in a field is told beforehand', () => {
  const none = { refused: 0, duplicates: 0, stopped: 0, written: 0, waiting: 0, again: 0, added: 0 };

  test('before a run: who is new, who is in the file that goes, who is in the other one', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 2]);
    const { removal, ...first } = await still.replacement(id, 'additional', [2, 3, 3, 'x']);
    expect(removal).toBeNull();
    expect(first).toEqual({
      ...none,
      removeDuplicates: true,
      rows: 4,
      refused: 1,
      duplicates: 1,
      waiting: 1,
      added: 1,
    });
    await still.upload(id, 'additional', [3]);
    const before = await still.api.get(id);
    expect(await still.replacement(id, 'main', [2, 3, 4])).toMatchObject({
      ...none,
      again: 1,
      added: 2,
      removal: { waiting: 2 },
    });
    expect({ ...(await still.api.get(id)), asOf: before.asOf }).toEqual(before);
    const { body } = await still.api
      .call('post', `/campaigns/${id}/lists/main/replacement`)
      .set('Content-Type', 'text/csv')
      .send('Имя\r\nЯна\r\n')
      .expect(422);
    expect(body.code).toBe('phone_column_missing');
  });

  test.each(['remove', 'send'] as const)('with "%s", while it runs', async (onFileRemoval) => {
    const id = await still.draft({ onFileRemoval });
    await still.upload(id, 'main', [1, 2, 3, 4]);
    await still.upload(id, 'additional', [5]);
    await still.control(id, 'start');
    await still.control(id, 'pause');
    await still.settle(id, [1], 'sent');
    await still.grant(id, 1, 2);
    await still.api
      .call('post', '/stop-list')
      .send({ phone: phoneOf(78) })
      .expect(204);
    const told = await still.replacement(id, 'main', [1, 2, 3, 5, 6, 6, 78]);
    const kept = onFileRemoval === 'remove' ? { again: 1, waiting: 1 } : { again: 0, waiting: 2 };
    expect(told).toMatchObject({ ...none, written: 2, ...kept, added: 1, duplicates: 1, stopped: 1 });
    expect(told.removal).toMatchObject({ written: 1, sending: 1, waiting: 2, rule: onFileRemoval });
    await still.upload(id, 'main', [1, 2, 3, 5, 6, 6, 78]);
    const queued = (await still.queue(id)).slice(5).filter((line) => line.endsWith('queued'));
    expect(queued).toHaveLength(told.again + told.added);
  });

  test('of a finished run, who was written to; of the loaded file read in another way, too', async () => {
    const id = await still.draft();
    const text = `Имя;Телефон;Рабочий\r\nЯна;${phoneOf(1)};${phoneOf(2)}\r\nОля;${phoneOf(2)};${phoneOf(3)}\r\n`;
    await still.api.upload(id, 'main', text).expect(200);
    await still.control(id, 'start');
    await still.complete(id);
    expect(await still.replacement(id, 'main', [1, 9])).toMatchObject({ ...none, written: 1, added: 1 });
    const path = `/campaigns/${id}/lists/main/reading/replacement`;
    const { body } = await still.api.call('post', path).send({ phoneColumn: 2 }).expect(200);
    expect(body).toMatchObject({ ...none, rows: 2, written: 1, added: 1 });
    expect((await still.api.call('post', path).send({ list: 99 }).expect(409)).body.code).toBe(
      'version_conflict',
    );
  });
});

describe('removing duplicates can be switched until the first message', () => {
  const change = async (id: number, removeDuplicates: boolean) => {
    const { version } = await still.api.get(id);
    return still.api.call('patch', `/campaigns/${id}`).send({ version, settings: { removeDuplicates } });
  };

  test('in a run that has handed nothing out: its queue is made anew, and the numbers follow at once', async () => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 1, 2, 'x']);
    await still.upload(id, 'additional', [2, 3]);
    await still.control(id, 'start');
    const off = await change(id, false);
    expect(off.body.progress.account).toMatchObject({ rows: 6, refused: 1, queued: 5, duplicates: 0 });
    expect(await still.queue(id)).toEqual([
      '1 main queued',
      '1 main queued',
      '2 main queued',
      '2 additional queued',
      '3 additional queued',
    ]);
    const on = await change(id, true);
    expect(on.body).toMatchObject({
      untouched: true,
      progress: { account: { rows: 6, queued: 3, duplicates: 2 } },
    });
    expect((await still.messages(id)).map(({ position }) => position)).toEqual([1, 2, 3, 4, 5]);
  });

  test('of a run of a part, too', async () => {
    const id = await still.draft({ removeDuplicates: false });
    await still.upload(id, 'main', [1, 1, 2]);
    await still.control(id, 'start');
    await still.settle(id, [1, 2], 'failed');
    await still.complete(id);
    await still.control(id, 'restart', { scope: 'failed' });
    await still.upload(id, 'additional', [2, 4]);
    expect((await change(id, true)).body.progress.account).toMatchObject({
      rows: 4,
      queued: 3,
      duplicates: 1,
    });
    expect(await still.queue(id)).toEqual([
      '1 main queued',
      '2 main queued',
      '4 additional queued',
      '2 additional duplicate',
    ]);
  });

  test('while it is scheduled', async () => {
    const id = await still.draft({ schedule: { kind: 'at', at: '2099-01-01T10:00' } });
    await still.upload(id, 'main', [1, 1]);
    await still.control(id, 'start');
    expect((await change(id, false)).body.progress.account).toMatchObject({ rows: 2, queued: 2 });
  });

  test.each([
    ['a message has been handed out', async (id: number) => still.grant(id, 0, 1)],
    ['a file has been removed', async (id: number) => void (await still.remove(id, 'additional'))],
  ])('not once %s', async (_, meanwhile) => {
    const id = await still.draft();
    await still.upload(id, 'main', [1, 1]);
    await still.upload(id, 'additional', [3]);
    await still.control(id, 'start');
    await meanwhile(id);
    const { status, body } = await change(id, false);
    expect([status, body.code]).toEqual([409, 'settings_locked']);
    expect(await still.account(id)).toMatchObject({ duplicates: 1 });
  });
});
