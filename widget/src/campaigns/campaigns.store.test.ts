import { beforeEach, expect, test } from '@jest/globals';
import { createPinia, setActivePinia } from 'pinia';
import { CAMPAIGN_STATES, type CampaignState } from '../../../contract/campaign-states.ts';
import type { CampaignCard, CampaignPage } from '../../../contract/campaign.ts';
import { problemOf, setClient } from '../api/client.ts';
import { useCampaigns } from './campaigns.store.ts';

/** Two to a page. */
let server: CampaignCard[];
let asked: string[];
/** Runs before a call is answered. */
let before: (path: string) => Promise<void> | void;

function card(id: number, state: CampaignState = 'draft'): CampaignCard {
  return {
    id,
    name: `Campaign ${id}`,
    method: 'sms',
    state,
    pauseReason: null,
    scheduledFor: null,
    ratePerMinute: 60,
    handedOut: 0,
    total: 0,
    lately: { messages: 0, failed: 0 },
    updatedAt: '2026-11-25T10:00:00Z',
  };
}

function page(query: URLSearchParams): CampaignPage {
  const found = server.filter(({ name }) => name.includes(query.get('search') ?? ''));
  const from = query.has('after') ? found.findIndex(({ id }) => `1_${id}` === query.get('after')) + 1 : 0;
  const data = found.slice(from, from + 2);
  const next = from + 2 < found.length ? `1_${data.at(-1)!.id}` : null;
  const counts = Object.fromEntries(CAMPAIGN_STATES.map((state) => [state, 0])) as CampaignPage['counts'];
  for (const { state } of found) counts[state] += 1;
  return { data, next, counts };
}

beforeEach(() => {
  setActivePinia(createPinia());
  server = [1, 2, 3, 4, 5].map((id) => card(id));
  asked = [];
  before = () => undefined;
  setClient({
    async call<T>(method: string, path: string) {
      asked.push(path.replace('/api/campaigns', ''));
      await before(path);
      if (method === 'POST') {
        const id = Number(/\d+/.exec(path)![0]);
        return { campaign: { ...server.find((each) => each.id === id)!, state: 'paused' }, inFlight: 4 } as T;
      }
      return page(new URL(path, 'http://localhost').searchParams) as T;
    },
    upload: () => Promise.reject(new Error('not here')),
    download: () => Promise.reject(new Error('not here')),
    stream: () => Promise.reject(new Error('not here')),
  });
});

const ids = (store: ReturnType<typeof useCampaigns>) => store.campaigns.map(({ id }) => id);

async function loaded(pages: number) {
  const store = useCampaigns();
  await store.load();
  for (let i = 1; i < pages; i += 1) await store.more();
  return store;
}

test('page after page is loaded, and then there are no more', async () => {
  const store = await loaded(3);
  expect([ids(store), store.hasMore]).toEqual([[1, 2, 3, 4, 5], false]);
  await store.more();
  expect(asked).toHaveLength(3);
});

test('only the first page and those in sight are asked for again', async () => {
  const store = await loaded(3);
  asked = [];
  server[4] = card(5, 'running');
  await store.refresh(new Set([2]));
  expect(asked).toEqual(['?', '?after=1_4']);
  expect(store.campaigns.at(-1)?.state).toBe('running');
});

test('a campaign that has moved to the top is shown once', async () => {
  const store = await loaded(3);
  server.unshift(server.pop()!);
  await store.refresh(new Set([0]));
  expect(ids(store)).toEqual([5, 1, 3, 4]);
  await store.refresh(new Set([0, 1]));
  expect(new Set(ids(store)).size).toBe(ids(store).length);
});

test('a late answer to what was looked for before is dropped', async () => {
  const store = useCampaigns();
  let answer = () => {};
  before = (path) => (path.endsWith('?') ? new Promise<void>((resolve) => (answer = resolve)) : undefined);
  const first = store.load();
  store.search = '3';
  await store.load();
  answer();
  await first;
  expect(ids(store)).toEqual([3]);
});

test('the latest of all is not the first of what is looked for', async () => {
  const store = await loaded(1);
  store.search = '4';
  await store.load();
  expect([ids(store), store.latest?.id, store.all]).toEqual([[4], 1, 1]);
});

test('what could not be asked for again stays, with the error beside it', async () => {
  const store = await loaded(2);
  before = () => {
    throw problemOf('network');
  };
  await store.refresh(new Set());
  expect([ids(store).length, store.error !== null]).toEqual([4, true]);
  before = () => undefined;
  await store.refresh(new Set());
  expect(store.error).toBeNull();
});

test('a pause is shown at once, and a list asked for before it does not take it back', async () => {
  server[0] = card(1, 'running');
  const store = await loaded(1);
  let answer = () => {};
  before = (path) => (path.endsWith('?') ? new Promise<void>((resolve) => (answer = resolve)) : undefined);
  const refreshed = store.refresh(new Set());
  await store.apply(1, 'pause');
  answer();
  await refreshed;
  expect([store.campaigns[0]?.state, store.receipts.get(1)?.inFlight]).toEqual(['paused', 4]);
  store.dismiss(1);
  expect(store.receipts.size).toBe(0);
});

test('a pause that failed says so at its campaign', async () => {
  const store = await loaded(1);
  before = () => {
    throw problemOf('control_not_allowed', 409);
  };
  await store.apply(2, 'pause');
  expect([store.failures.has(2), store.pressed.size]).toEqual([true, 0]);
});

test('while its lines have just moved the list resumes nothing, and pauses all the same', async () => {
  server = [card(1, 'running'), card(2, 'paused')];
  const store = useCampaigns();
  await store.load();
  asked = [];
  store.move();
  expect(store.isResting(2)).toBe(true);
  await store.apply(2, 'resume');
  await store.apply(1, 'pause');
  expect(asked).toEqual(['/1/controls/pause']);
});
