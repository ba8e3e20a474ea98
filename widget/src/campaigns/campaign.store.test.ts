import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createPinia, setActivePinia } from 'pinia';
import { nextTick } from 'vue';
import { newSettings, type Campaign, type CampaignChange } from '../../../contract/campaign.ts';
import { emptyAccount } from '../../../contract/message-states.ts';
import { problemOf, setClient, type ApiError, type Client } from '../api/client.ts';
import { useSession } from '../session/session.store.ts';
import { useCampaign } from './campaign.store.ts';

let server: Campaign;
let patches: CampaignChange[];
/** Runs before a call is answered. */
let before: (method: string) => Promise<void> | void;

function campaign(): Campaign {
  return {
    id: 7,
    version: 1,
    state: 'draft',
    pauseReason: null,
    pauseDetail: null,
    notStarted: null,
    scheduledFor: null,
    settings: newSettings('Autumn'),
    template: null,
    lists: [],
    untouched: true,
    progress: {
      run: 0,
      account: emptyAccount(),
      replied: 0,
      lastMinute: 0,
      waitsUntil: null,
      zones: null,
      finishAt: null,
      finishedAt: null,
      channelPace: null,
    },
    controls: ['start'],
    createdAt: '2026-11-24T10:00:00Z',
    updatedAt: '2026-11-24T10:00:00Z',
    asOf: '2026-11-24T10:00:00Z',
  };
}

function bySomeoneElse(settings: Partial<Campaign['settings']>): void {
  server = { ...server, version: server.version + 1, settings: { ...server.settings, ...settings } };
}

const fake: Client = {
  async call<T>(method: string, path: string, body?: unknown) {
    if (path === '/api/session') {
      return { account: { name: 'A', timeZone: 'Europe/Moscow' }, user: { id: 'u', role: 'admin' } } as T;
    }
    const answer = structuredClone(server);
    await before(method);
    if (method !== 'PATCH') return answer as T;
    const change = body as CampaignChange;
    patches.push(change);
    if (change.version !== server.version) throw problemOf('version_conflict', 409);
    if (change.settings.name === 'Taken') throw problemOf('name_taken', 409);
    bySomeoneElse(change.settings);
    return structuredClone(server) as T;
  },
  upload: () => Promise.reject(new Error('not here')),
  download: () => Promise.reject(new Error('not here')),
  stream: () => Promise.reject(new Error('not here')),
};

beforeEach(async () => {
  setActivePinia(createPinia());
  setClient(fake);
  server = campaign();
  patches = [];
  before = () => undefined;
  await useSession().load();
});

async function opened() {
  const store = useCampaign();
  await store.open(7);
  return store;
}

test('only what changed is sent, with the version it was read at', async () => {
  const store = await opened();
  store.draft.name = 'Winter';
  expect(await store.flush()).toBe(true);
  expect(patches).toEqual([{ version: 1, settings: { name: 'Winter' } }]);
  expect([store.unsaved, store.campaign?.version]).toEqual([false, 2]);
});

test('what is typed during a save stays, and goes next with the new version', async () => {
  const store = await opened();
  store.draft.name = 'W';
  before = (method) => {
    if (method === 'PATCH' && patches.length === 0) store.draft.name = 'Winter';
  };
  await store.flush();
  expect(patches.map((patch) => [patch.version, patch.settings.name])).toEqual([
    [1, 'W'],
    [2, 'Winter'],
  ]);
  expect(store.draft.name).toBe('Winter');
});

test('a space typed at the end of the name is not taken away', async () => {
  const store = await opened();
  store.draft.name = 'Winter ';
  await store.flush();
  expect([store.draft.name, server.settings.name, store.unsaved]).toEqual(['Winter ', 'Winter', false]);
});

test('a value that is not valid is kept on the screen and not sent', async () => {
  const store = await opened();
  store.draft.ratePerMinute = 'abc';
  store.draft.name = 'Winter';
  expect(await store.flush()).toBe(false);
  expect(patches.map((patch) => patch.settings)).toEqual([{ name: 'Winter' }]);
  expect([store.draft.ratePerMinute, store.invalid]).toEqual(['abc', ['ratePerMinute']]);
});

test('a change by someone else is a conflict, and nothing typed is lost', async () => {
  const store = await opened();
  store.draft.name = 'Mine';
  bySomeoneElse({ ratePerMinute: 10 });
  expect(await store.flush()).toBe(false);
  expect(store.conflict?.keys).toEqual(['ratePerMinute']);
  expect([store.draft.name, server.settings.name]).toEqual(['Mine', 'Autumn']);
});

test('keep mine saves what was typed over the other change and takes the rest of it', async () => {
  const store = await opened();
  store.draft.name = 'Mine';
  bySomeoneElse({ name: 'Theirs', ratePerMinute: 10 });
  await store.flush();
  await store.keepMine();
  expect([server.settings.name, server.settings.ratePerMinute]).toEqual(['Mine', 10]);
  expect([store.conflict, store.draft.ratePerMinute]).toEqual([null, 10]);
});

test('take theirs shows their settings and saves nothing', async () => {
  const store = await opened();
  store.draft.name = 'Mine';
  bySomeoneElse({ name: 'Theirs' });
  await store.flush();
  store.takeTheirs();
  expect([store.draft.name, store.unsaved, store.conflict]).toEqual(['Theirs', false, null]);
  expect(patches).toHaveLength(1);
});

test('a version that moved without a setting changing is no conflict', async () => {
  const store = await opened();
  store.draft.name = 'Mine';
  bySomeoneElse({});
  expect(await store.flush()).toBe(true);
  expect([server.settings.name, store.conflict]).toEqual(['Mine', null]);
});

test('a taken name is said at the field, and not sent again until typed anew', async () => {
  const store = await opened();
  store.draft.name = 'Taken';
  expect(await store.flush()).toBe(false);
  await store.flush();
  expect([patches.length, store.fieldProblems.name?.code]).toEqual([1, 'name_taken']);
  store.draft.name = 'Free';
  await nextTick();
  expect(store.fieldProblems.name).toBeUndefined();
  expect(await store.flush()).toBe(true);
});

test('a poll shows a change by someone else when nothing is being typed', async () => {
  const store = await opened();
  bySomeoneElse({ name: 'Theirs' });
  await store.poll();
  expect([store.draft.name, store.unsaved]).toEqual(['Theirs', false]);
});

test('a poll does not replace what is being typed; the save then meets the conflict', async () => {
  const store = await opened();
  store.draft.name = 'Mine';
  bySomeoneElse({ name: 'Theirs' });
  await store.poll();
  expect(store.draft.name).toBe('Mine');
  await store.flush();
  expect(store.conflict?.keys).toEqual(['name']);
});

test('a poll that began before a save and is answered after it is dropped', async () => {
  const store = await opened();
  let answer = () => {};
  before = (method) => (method === 'GET' ? new Promise<void>((resolve) => (answer = resolve)) : undefined);
  const polled = store.poll();
  store.draft.name = 'Winter';
  await store.flush();
  answer();
  await polled;
  expect([store.draft.name, store.campaign?.settings.name]).toEqual(['Winter', 'Winter']);
});

const readAt = (seconds: number, state: Campaign['state'], change: Partial<Campaign> = {}): Campaign => ({
  ...server,
  ...change,
  state,
  asOf: new Date(Date.UTC(2026, 10, 24, 10, 0, seconds)).toISOString(),
});

test('what the stream says is shown, and what it read before the shown is not', async () => {
  const store = await opened();
  store.hear(readAt(5, 'running'));
  store.take(readAt(6, 'paused'));
  store.hear(readAt(5.5, 'running'));
  expect(store.campaign?.state).toBe('paused');
  store.hear(readAt(7, 'running'));
  expect(store.campaign?.state).toBe('running');
});

test('the stream of another campaign is not heard', async () => {
  const store = await opened();
  store.hear(readAt(5, 'running', { id: 8 }));
  expect(store.campaign?.id).toBe(7);
});

test('a clock that was put back does not stop the figures', async () => {
  const store = await opened();
  store.hear(readAt(3600, 'running'));
  store.hear(readAt(5, 'completed'));
  expect(store.campaign?.state).toBe('completed');
});

test('the stream does not replace what is being typed', async () => {
  const store = await opened();
  store.draft.name = 'Mine';
  bySomeoneElse({ name: 'Theirs' });
  store.hear(readAt(5, 'draft'));
  expect([store.draft.name, store.campaign?.settings.name]).toEqual(['Mine', 'Theirs']);
  await store.flush();
  expect(store.conflict?.keys).toEqual(['name']);
});

test('a campaign that has been removed is said to be gone', async () => {
  const store = await opened();
  before = () => {
    throw problemOf('campaign_not_found', 404);
  };
  await store.poll();
  expect([store.campaign, (store.loadError as ApiError).code]).toEqual([null, 'campaign_not_found']);
});

/** What a window keeps over a reload. */
class FakeStorage {
  readonly items = new Map<string, string>();
  getItem(key: string) {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string) {
    this.items.set(key, value);
  }
  removeItem(key: string) {
    this.items.delete(key);
  }
}

describe('after a reload', () => {
  let storage: FakeStorage;
  beforeEach(() => {
    storage = new FakeStorage();
    Object.defineProperty(globalThis, 'sessionStorage', { value: storage, configurable: true });
  });
  afterEach(() => {
    Reflect.deleteProperty(globalThis, 'sessionStorage');
  });

  /** The page as it is loaded anew: nothing is left but what the window keeps. */
  async function reload() {
    useCampaign().close();
    setActivePinia(createPinia());
    await useSession().load();
    return opened();
  }

  test('what could not be saved is typed again, and saved when it can be', async () => {
    let store = await opened();
    before = (method) => {
      if (method === 'PATCH') throw new Error('no network');
    };
    store.draft.text = 'Half a wo';
    store.draft.ratePerMinute = 'many';
    await nextTick();
    expect(await store.flush()).toBe(false);
    before = () => undefined;
    store = await reload();
    expect(store.draft).toMatchObject({ text: 'Half a wo', ratePerMinute: 'many' });
    await store.flush();
    expect(server.settings.text).toBe('Half a wo');
    // The rate is not one yet, so it waits on.
    store = await reload();
    expect([store.draft.ratePerMinute, store.invalid]).toEqual(['many', ['ratePerMinute']]);
    store.draft.ratePerMinute = server.settings.ratePerMinute;
    await nextTick();
    expect(storage.items.size).toBe(0);
  });

  test('what somebody else has changed meanwhile is a conflict and not overwritten; other settings are theirs', async () => {
    let store = await opened();
    store.draft.text = 'Mine';
    await nextTick();
    bySomeoneElse({ text: 'Theirs', name: 'Winter' });
    store = await reload();
    expect(store.draft).toMatchObject({ text: 'Mine', name: 'Winter' });
    expect(await store.flush()).toBe(false);
    expect(store.conflict?.keys).toEqual(['text']);
    expect(server.settings.text).toBe('Theirs');
    await store.keepMine();
    expect(server.settings).toMatchObject({ text: 'Mine', name: 'Winter' });
  });

  test('what is saved is not kept, and what cannot be edited any more is not typed', async () => {
    let store = await opened();
    store.draft.text = 'Saved';
    await nextTick();
    expect(storage.items.size).toBe(1);
    await store.flush();
    await nextTick();
    expect(storage.items.size).toBe(0);
    store.draft.text = 'Too late';
    await nextTick();
    server = { ...server, state: 'running' };
    store = await reload();
    expect(store.draft.text).toBe('Saved');
  });

  test.each(['', 'null', '{', '[]'])('a kept draft that is none (%j) is passed over', async (text) => {
    storage.getItem = () => text;
    const store = await opened();
    expect([store.draft.name, store.loadError]).toEqual(['Autumn', null]);
  });
});
