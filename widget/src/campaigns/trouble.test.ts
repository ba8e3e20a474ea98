import { expect, test } from '@jest/globals';
import { emptyAccount, type RowAccount } from '../../../contract/message-states.ts';
import { troublesOf } from './trouble.ts';

const kinds = (account: Partial<RowAccount>) =>
  troublesOf({ ...emptyAccount(), ...account }).map(({ kind, count }) => `${kind} ${count}`);

test.each([
  ['a run that has not begun', {}, []],
  ['all is well', { delivered: 100 }, []],
  ['the usual dead numbers', { delivered: 96, failed: 4 }, []],
  ['a twentieth', { delivered: 95, failed: 5 }, ['failed 5']],
  ['too few to tell', { delivered: 10, failed: 9 }, []],
  ['the very first', { queued: 10, failed: 2 }, []],
  ['the first ones, most of them', { queued: 10, delivered: 1, failed: 3 }, ['failed 3']],
  ['a short one that is over', { delivered: 1, failed: 1 }, ['failed 1']],
  ['one without an answer', { delivered: 100, unknown: 1 }, ['unknown 1']],
  ['both', { sent: 10, failed: 10, unknown: 2 }, ['failed 10', 'unknown 2']],
  ['what waits does not count', { queued: 1000, delivered: 18, failed: 2 }, ['failed 2']],
])('%s', (_what, account, told) => {
  expect(kinds(account)).toEqual(told);
});
