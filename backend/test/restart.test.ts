import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { RestartScope } from '../../contract/campaign-states.ts';
import { MESSAGE_STATES, type MessageState } from '../../contract/message-states.ts';
import type { Unmakeable } from '../../contract/write-again.ts';
import { phoneOf, StillApp } from './still-app.ts';

/** Whom a Restart writes to: every case is asked for its count first, and then really restarted. */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

type Fate = MessageState | 'recipient_opted_out' | 'recipient_invalid' | Unmakeable;
interface Files {
  main: readonly number[];
  additional?: readonly number[];
}

/** A finished run, with duplicates allowed or not, whose messages ended like this in the order of the queue. */
async function finished(files: Files, fates: readonly Fate[], removeDuplicates: boolean): Promise<number> {
  const id = await still.draft({ removeDuplicates });
  await still.upload(id, 'main', files.main);
  if (files.additional) await still.upload(id, 'additional', files.additional);
  await still.control(id, 'start');
  for (const [at, fate] of fates.entries()) {
    const [state, reason] = MESSAGE_STATES.includes(fate as MessageState) ? [fate, null] : ['failed', fate];
    await still.query(
      'update message set state = $3, reason = $4 where account_id = 1 and campaign_id = $1 and position = $2',
      [id, at + 1, state, reason],
    );
  }
  await still.complete(id);
  return id;
}

/** Numbers written to by each scope; what is promised beside Restart has to be what it does. */
async function restart(id: number, scope: RestartScope): Promise<string[]> {
  const { body: counts } = await still.api.call('get', `/campaigns/${id}/restart`).expect(200);
  const answer = await still.api.control(id, 'restart', { scope });
  const written =
    answer.status === 422 ? [] : (await still.queue(id)).map((line) => line.replace(' queued', ''));
  expect(counts[scope]).toBe(written.filter((line) => !line.endsWith('stopped')).length);
  return written;
}

describe('duplicates allowed in the first run and removed in the next', () => {
  test.each<[string, Fate[], string[], string[]]>([
    ['both failed', ['failed', 'failed'], ['1 main'], ['1 main']],
    ['one failed, one was delivered', ['failed', 'delivered'], [], []],
    ['one was read, one failed', ['read', 'failed'], [], []],
    ['one failed, one was sent', ['failed', 'sent'], [], ['1 main']],
    ['one failed, of one nobody knows', ['failed', 'unknown'], [], ['1 main']],
    ['neither was delivered', ['sent', 'unknown'], [], ['1 main']],
    ['one failed, one does not exist', ['failed', 'recipient_invalid'], [], ['1 main']],
    ['one failed, one has opted out', ['failed', 'recipient_opted_out'], [], []],
    ['no message could be made', ['empty_variable', 'sms_too_long'], [], []],
    [
      'one failed, of the other no message could be made',
      ['failed', 'empty_variable'],
      ['1 main'],
      ['1 main'],
    ],
  ])('of two messages to a number %s', async (_, fates, failed, undelivered) => {
    for (const [scope, expected] of [
      ['failed', failed],
      ['undelivered', undelivered],
    ] as const) {
      const id = await finished({ main: [1, 1] }, fates, false);
      await still.api.change(id, { removeDuplicates: true });
      expect(await restart(id, scope)).toEqual(expected);
    }
  });
});

test('with duplicates allowed again, each row is asked about by itself', async () => {
  const fates: Fate[] = ['failed', 'delivered', 'sent'];
  expect(await restart(await finished({ main: [1, 1, 1] }, fates, false), 'failed')).toEqual(['1 main']);
  expect(await restart(await finished({ main: [1, 1, 1] }, fates, false), 'undelivered')).toEqual([
    '1 main',
    '1 main',
  ]);
});

test('who gets another message gets it by a row that one can be made of', async () => {
  const id = await finished({ main: [1], additional: [1] }, ['empty_variable', 'failed'], false);
  await still.api.change(id, { removeDuplicates: true });
  expect(await restart(id, 'failed')).toEqual(['1 additional']);
});

describe('a file removed after the run', () => {
  const files: Files = { main: [1, 2, 3], additional: [3, 4] };
  const fates: Fate[] = ['failed', 'delivered', 'failed', 'failed'];

  test('is not written to; a number that the other file has too is', async () => {
    const id = await finished(files, fates, true);
    await still.remove(id, 'main');
    expect(await restart(id, 'failed')).toEqual(['3 additional', '4 additional']);
    expect(await still.account(id)).toMatchObject({ rows: 2, queued: 2 });
  });

  test('is not in a restart to all either, and that counts the files that are loaded', async () => {
    const id = await finished(files, fates, true);
    await still.remove(id, 'additional');
    expect(await restart(id, 'all')).toEqual(['1 main', '2 main', '3 main']);
  });
});

test('a number that stands on the stop list by now is not counted', async () => {
  const id = await finished({ main: [81, 82] }, ['failed', 'failed'], true);
  await still.api
    .call('post', '/stop-list')
    .send({ phone: phoneOf(81) })
    .expect(204);
  const { body: counts } = await still.api.call('get', `/campaigns/${id}/restart`).expect(200);
  expect([counts.failed, counts.stopped.failed]).toEqual([1, 1]);
  expect(await restart(id, 'failed')).toEqual(['82 main', '81 main stopped']);
});

test('a campaign that is not finished has nothing to restart', async () => {
  const id = await still.draft();
  const { body } = await still.api.call('get', `/campaigns/${id}/restart`).expect(409);
  expect(body.code).toBe('control_not_allowed');
});

describe('chosen groups', () => {
  const count = async (id: number, groups: string) =>
    (await still.api.call('get', `/campaigns/${id}/restart`).query({ groups }).expect(200)).body;
  const chosen = (...groups: [state: string, reason: string | null][]) => ({
    scope: 'chosen',
    groups: groups.map(([state, reason]) => ({ state, reason })),
  });

  test('only they are written to, and no number that another of its rows has reached, or may have', async () => {
    const fates: Fate[] = ['failed', 'recipient_invalid', 'delivered', 'unknown', 'sent', 'failed', 'failed'];
    const id = await finished({ main: [1, 2, 3, 4, 5, 3, 4] }, fates, false);
    await still.query(`update message set segments = 2 where campaign_id = $1`, [id]);
    await still.api.change(id, { removeDuplicates: true });
    expect(await count(id, 'failed:')).toMatchObject({ chosen: 1, segments: { chosen: 2 } });
    expect(await count(id, 'failed:,unknown:')).toMatchObject({ chosen: 2, segments: { chosen: 4 } });
    expect(await count(id, '')).toMatchObject({ chosen: 0, segments: { chosen: 0 } });
    await still.control(id, 'restart', chosen(['failed', null], ['unknown', null]));
    expect(await still.queue(id)).toEqual(['1 main queued', '4 main queued']);
    const runs = (await still.api.call('get', `/campaigns/${id}/runs`).expect(200)).body.data;
    expect(runs[0]).toMatchObject({ run: 2, scope: 'chosen' });
  });

  test('a group is its reason, too', async () => {
    const id = await finished({ main: [1, 2] }, ['failed', 'recipient_invalid'], true);
    await still.control(id, 'restart', chosen(['failed', 'recipient_invalid']));
    expect(await still.queue(id)).toEqual(['2 main queued']);
  });

  test('duplicates let in or removed afterwards are those of the chosen alone', async () => {
    const id = await finished({ main: [1, 1, 2] }, ['failed', 'failed', 'delivered'], false);
    await still.control(id, 'restart', chosen(['failed', null]));
    expect(await still.queue(id)).toEqual(['1 main queued', '1 main queued']);
    await still.api.change(id, { removeDuplicates: true });
    expect(await still.queue(id)).toEqual(['1 main queued']);
  });

  test('of two who press at once one begins the run', async () => {
    const id = await finished({ main: [1] }, ['failed'], true);
    const answers = await Promise.all(
      [1, 2].map(() => still.api.control(id, 'restart', chosen(['failed', null]))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(await still.run(id)).toBe(2);
  });

  test.each([
    ['nobody', { scope: 'chosen', groups: [] }],
    ['groups of another scope', { scope: 'all', groups: [{ state: 'failed', reason: null }] }],
    ['those who were reached', chosen(['delivered', null])],
    ['those who have opted out', chosen(['failed', 'recipient_opted_out'])],
    ['too many', chosen(...Array.from({ length: 51 }, () => ['failed', null] as [string, null]))],
  ])('%s cannot be chosen', async (_, body) => {
    const id = await finished({ main: [1] }, ['failed'], true);
    const answer = await still.api.control(id, 'restart', body).expect(422);
    expect(answer.body.errors[0].code).toBe('scope_invalid');
    expect(await still.run(id)).toBe(1);
  });
});
