import { expect, test } from '@jest/globals';
import { nextAction } from './next-action.ts';

test.each([
  ['running', null, 'operator', 'pause'],
  ['running', null, 'viewer', null],
  ['paused', 'user', 'operator', 'resume'],
  ['paused', 'user', 'viewer', null],
  ['paused', 'balance', 'admin', null],
  ['paused', 'clearing', 'admin', null],
  ['completed', null, 'viewer', 'report'],
  ['draft', null, 'admin', null],
  ['scheduled', null, 'admin', null],
] as const)('%s, %s, as %s: %s', (state, pauseReason, role, action) => {
  expect(nextAction({ state, pauseReason }, role)).toBe(action);
});
