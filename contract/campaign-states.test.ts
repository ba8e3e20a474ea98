import { expect, test } from '@jest/globals';
import { CAMPAIGN_STATES, CONTROLS, controlsIn, isControlAllowed, type Control } from './campaign-states.ts';

/** The table of the manual, by hand. */
const MANUAL: Record<
  Control,
  [draft: 0 | 1, scheduled: 0 | 1, running: 0 | 1, paused: 0 | 1, completed: 0 | 1]
> = {
  start: [1, 0, 0, 0, 0],
  cancelSchedule: [0, 1, 0, 0, 0],
  pause: [0, 0, 1, 0, 0],
  resume: [0, 0, 0, 1, 0],
  clear: [0, 1, 1, 1, 1],
  restart: [0, 0, 0, 0, 1],
};

const EACH = CONTROLS.flatMap((control) => CAMPAIGN_STATES.map((state, at) => ({ control, state, at })));

test('the manual knows every control and every state', () => {
  expect(Object.keys(MANUAL)).toEqual([...CONTROLS]);
  expect(CAMPAIGN_STATES).toEqual(['draft', 'scheduled', 'running', 'paused', 'completed']);
});

test.each(EACH)('$control in $state is as the manual says', ({ control, state, at }) => {
  expect(isControlAllowed(control, state)).toBe(MANUAL[control][at] === 1);
});

test.each([
  ['draft', ['start']],
  ['scheduled', ['cancelSchedule', 'clear']],
  ['running', ['pause', 'clear']],
  ['paused', ['resume', 'clear']],
  ['completed', ['clear', 'restart']],
] as const)('%s offers its controls in the order of the manual', (state, controls) => {
  expect(controlsIn(state)).toEqual(controls);
});
