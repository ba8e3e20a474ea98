import { beforeEach, expect, test } from '@jest/globals';
import { createPinia, setActivePinia } from 'pinia';
import { nextTick } from 'vue';
import { newSettings, type Campaign } from '../../../contract/campaign.ts';
import { emptyAccount } from '../../../contract/message-states.ts';
import { problemOf, setClient, type ApiError } from '../api/client.ts';
import { useCampaign } from './campaign.store.ts';
import { useControls } from './controls.store.ts';

let presses: string[];
let answer: (control: string) => Promise<Campaign> | Campaign;

function campaign(state: Campaign['state'], second = 0): Campaign {
  return {
    id: 7,
    version: 1,
    state,
    pauseReason: null,
    pauseDetail: null,
    notStarted: null,
    scheduledFor: null,
    settings: newSettings('Autumn'),
    template: null,
    lists: [],
    untouched: false,
    progress: {
      run: 1,
      account: emptyAccount(),
      replied: 0,
      lastMinute: 0,
      waitsUntil: null,
      zones: null,
      finishAt: null,
      finishedAt: null,
      channelPace: null,
    },
    controls: ['pause'],
    createdAt: '2026-11-24T10:00:00Z',
    updatedAt: '2026-11-24T10:00:00Z',
    asOf: new Date(Date.UTC(2026, 10, 24, 10, 0, second)).toISOString(),
  };
}

beforeEach(async () => {
  setActivePinia(createPinia());
  presses = [];
  answer = () => campaign('paused', 1);
  setClient({
    async call<T>(method: string, path: string) {
      if (method === 'GET') return campaign('running') as T;
      const control = path.split('/').at(-1)!;
      presses.push(control);
      return { campaign: await answer(control), inFlight: 4, effectiveAt: '2026-11-24T10:00:01Z' } as T;
    },
    upload: () => Promise.reject(new Error('not here')),
    download: () => Promise.reject(new Error('not here')),
    stream: () => Promise.reject(new Error('not here')),
  });
  await useCampaign().open(7);
});

test('a pause answers with its receipt, which stays whatever happens to the campaign', async () => {
  const controls = useControls();
  expect(await controls.apply('pause')).toBe(true);
  expect([controls.receipt?.control, controls.receipt?.result.inFlight]).toEqual(['pause', 4]);
  useCampaign().hear(campaign('running', 5));
  expect(controls.receipt?.control).toBe('pause');
  controls.dismiss();
  expect(controls.receipt).toBeNull();
});

test('the receipt of an earlier run is put away by the next', async () => {
  const controls = useControls();
  await controls.apply('pause');
  const next = campaign('running', 5);
  useCampaign().hear({ ...next, progress: { ...next.progress, run: 2 } });
  await nextTick();
  expect(controls.receipt).toBeNull();
});

test('for a moment after a pause nothing can be undone by a second tap', async () => {
  const controls = useControls();
  await controls.apply('pause');
  expect([controls.resting, await controls.apply('resume'), presses]).toEqual([true, false, ['pause']]);
  expect(controls.receipt?.control).toBe('pause');
});

test('pressed twice it is done once', async () => {
  const controls = useControls();
  let go = () => {};
  answer = () => new Promise((resolve) => (go = () => resolve(campaign('paused', 1))));
  const first = controls.apply('pause');
  expect([await controls.apply('pause'), controls.pressed]).toEqual([false, 'pause']);
  go();
  await first;
  expect([presses, controls.pressed]).toEqual([['pause'], null]);
});

test('a pause without an answer is known not to have taken effect as soon as something is heard', async () => {
  const controls = useControls();
  answer = () => {
    throw new TypeError('Failed to fetch');
  };
  await controls.apply('pause');
  useCampaign().hear(campaign('running', 5));
  await nextTick();
  expect(controls.failure).toMatchObject({ control: 'pause', isStillRunning: true });
  useCampaign().hear(campaign('paused', 6));
  await nextTick();
  expect(controls.failure).toBeNull();
});

test('what was not done is said, and gone with the next press', async () => {
  const controls = useControls();
  answer = () => {
    throw problemOf('control_not_allowed', 409);
  };
  expect(await controls.apply('pause')).toBe(false);
  expect((controls.failure?.error as ApiError).code).toBe('control_not_allowed');
  answer = () => campaign('paused', 1);
  await controls.apply('pause');
  expect([controls.failure, controls.receipt?.control]).toEqual([null, 'pause']);
});
