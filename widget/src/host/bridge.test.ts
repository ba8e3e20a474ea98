import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { createBridge, type BridgeOptions, type HostWindow } from './bridge.ts';

const HOST = 'http://localhost:4000';
const OTHER = 'https://b.example';

interface Posted {
  message: { type: string; id: string; payload: unknown };
  origin: string;
}

function fakeWindow() {
  const posted: Posted[] = [];
  let listener: ((event: MessageEvent) => void) | null = null;
  const parent = {
    postMessage: (message: Posted['message'], origin: string) => void posted.push({ message, origin }),
  };
  const window = {
    parent,
    addEventListener: (_type: string, added: (event: MessageEvent) => void) => (listener = added),
    removeEventListener: () => (listener = null),
  } as unknown as HostWindow;
  const arrive = (data: unknown, origin = HOST, source: unknown = parent) =>
    listener?.({ data, origin, source } as MessageEvent);
  return { window, posted, arrive };
}

function setUp(options: Partial<BridgeOptions> = {}) {
  const fake = fakeWindow();
  const heard: string[] = [];
  const bridge = createBridge({
    window: fake.window,
    origins: [HOST, OTHER],
    embedId: 'e1',
    onInit: (init) => heard.push(`init ${init.token}`),
    onLocale: (locale) => heard.push(`locale ${locale}`),
    onTheme: (theme) => heard.push(`theme ${theme}`),
    onVisibility: (visible) => heard.push(visible ? 'visible' : 'hidden'),
    onUnanswered: () => heard.push('unanswered'),
    ...options,
  });
  bridge.start();
  return { ...fake, bridge, heard };
}

const message = (type: string, payload: unknown, more = {}) => ({
  p: 'rmo-embed',
  v: 1,
  type,
  id: 'h1',
  payload,
  ...more,
});
const init = (more = {}) =>
  message('init', {
    embed_id: 'e1',
    token: 't1',
    expires_at: '2026-11-24T10:05:00Z',
    locale: 'ru',
    theme: 'dark',
    user: { display_name: 'Anna' },
    ...more,
  });

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('ready goes at 0, 250, 1000 and 3000 ms to each allowed origin, never to *', () => {
  const { posted } = setUp();
  const counts = [1, 248, 1, 750, 2000].map((ms) => {
    jest.advanceTimersByTime(ms);
    return posted.length / 2;
  });
  expect(counts).toEqual([1, 1, 2, 3, 4]);
  expect(new Set(posted.map((one) => one.origin))).toEqual(new Set([HOST, OTHER]));
});

test('after init only its origin hears us, and ready stops', () => {
  const { posted, arrive, bridge, heard } = setUp();
  arrive(init());
  jest.advanceTimersByTime(10_000);
  expect(heard).toEqual(['init t1']);
  expect(posted).toEqual([]);
  bridge.resize(500);
  expect(posted.map((one) => [one.message.type, one.origin])).toEqual([['resize', HOST]]);
});

test('nothing is told before init', () => {
  const { posted, bridge } = setUp();
  bridge.card({ name: 'A', state: 'draft' });
  bridge.resize(1);
  expect(posted).toEqual([]);
});

test.each([
  ['another window', init(), HOST, {}],
  ['an origin that is not allowed', init(), 'http://localhost:4001', undefined],
  ['another protocol', { ...init(), p: 'other' }, HOST, undefined],
  ['another version', { ...init(), v: 2 }, HOST, undefined],
  ['another embed id', init({ embed_id: 'e2' }), HOST, undefined],
  ['a payload without a token', init({ token: '' }), HOST, undefined],
  ['a type we do not know', message('toString', {}), HOST, undefined],
  ['no object at all', 'init', HOST, undefined],
])('init from %s is dropped', (_what, data, origin, source) => {
  const { arrive, heard } = setUp();
  if (source) arrive(data, origin, source);
  else arrive(data, origin);
  expect(heard).toEqual([]);
});

test('once open, another allowed origin is not listened to', () => {
  const { arrive, heard } = setUp();
  arrive(init());
  arrive(message('theme.changed', { theme: 'light' }), OTHER);
  arrive(message('locale.changed', { locale: 'en' }));
  expect(heard).toEqual(['init t1', 'locale en']);
});

test('the host says whether anybody sees the card; what is no yes or no is not heard', () => {
  const { arrive, heard } = setUp();
  arrive(message('visibility', { visible: false }));
  arrive(init());
  for (const visible of [false, 'no', true]) arrive(message('visibility', { visible }));
  expect(heard).toEqual(['init t1', 'hidden', 'visible']);
});

test('a token answer counts only for the request it answers', async () => {
  const { arrive, bridge, posted } = setUp();
  arrive(init());
  const asked = bridge.requestToken('expiring');
  const id = posted.at(-1)!.message.id;
  arrive(message('token.response', { token: 'wrong', expires_at: 'x' }, { re: 'something' }));
  arrive(message('token.response', { token: 't2', expires_at: 'x' }, { re: id }));
  await expect(asked).resolves.toEqual({ token: 't2', expires_at: 'x' });
});

test('a token that never comes is an error after 8 s', async () => {
  const { arrive, bridge } = setUp();
  arrive(init());
  const asked = expect(bridge.requestToken('rejected')).rejects.toThrow('timeout');
  jest.advanceTimersByTime(8000);
  await asked;
});

test('no answer within 8 s is said, and a late init still opens', () => {
  const { arrive, heard } = setUp();
  jest.advanceTimersByTime(7999);
  expect(heard).toEqual([]);
  jest.advanceTimersByTime(1);
  arrive(init());
  expect(heard).toEqual(['unanswered', 'init t1']);
});

test('without allowed origins the card is not embedded', () => {
  expect(setUp({ origins: [] }).heard).toEqual(['unanswered']);
});

const question = { title: 'Start?', text: 'Now', ok: 'Start', cancel: 'Cancel', danger: false };

test('the host says what it can do besides; what the card does not know is left out', () => {
  const told: unknown[] = [];
  const { arrive } = setUp({ onInit: ({ capabilities }) => told.push(capabilities) });
  for (const capabilities of [undefined, ['navigate', 'fly', 'confirm'], 'confirm', [7]]) {
    arrive(init(capabilities === undefined ? {} : { capabilities }));
  }
  expect(told).toEqual([[], ['confirm', 'navigate'], [], []]);
});

test.each([
  ['confirm.response', { confirmed: true }, true],
  ['confirm.response', { confirmed: false }, false],
  ['error', { code: 'closed', message: '' }, false],
])('a question is answered by %s %j', async (type, payload, confirmed) => {
  const { bridge, arrive, posted } = setUp();
  arrive(init());
  const answer = bridge.confirm(question);
  const { message: asked } = posted.at(-1)!;
  expect(asked).toMatchObject({ type: 'confirm', payload: question });
  arrive(message(type, payload, { re: asked.id }));
  expect(await answer).toBe(confirmed);
});

test('a question is not confirmed by another answer, another origin or silence', async () => {
  const { bridge, arrive, posted } = setUp();
  arrive(init());
  const answer = bridge.confirm(question);
  const re = posted.at(-1)!.message.id;
  arrive(message('confirm.response', { confirmed: true }, { re: 'other' }));
  arrive(message('confirm.response', { confirmed: true }));
  arrive(message('confirm.response', { confirmed: 'true' }, { re }));
  arrive(message('token.response', { token: 't2', expires_at: '2026-11-24T10:10:00Z' }, { re }));
  arrive(message('confirm.response', { confirmed: true }, { re }), OTHER);
  await jest.advanceTimersByTimeAsync(10 * 60_000);
  expect(await answer).toBe(false);
});

test('nothing is asked and nobody is led anywhere before the host has spoken', async () => {
  const { bridge, posted } = setUp();
  expect(await bridge.confirm(question)).toBe(false);
  bridge.navigate({ target: 'conversation', id: 'c1' });
  expect(posted.filter(({ message: { type } }) => type !== 'ready')).toEqual([]);
});
