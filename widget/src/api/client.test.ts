import { describe, expect, test } from '@jest/globals';
import { createTokens } from '../host/tokens.ts';
import { ApiError, CancelledError, createClient, fileNameOf, type Client } from './client.ts';

const NOW = Date.parse('2026-11-24T10:00:00Z');
const inSeconds = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

/** A host that gives t2, t3 …, and a server that answers by the token. */
function setUp(server: (token: string) => Response, { validFor = 300, give = true } = {}) {
  const asked: string[] = [];
  const sent: string[] = [];
  let count = 1;
  let lost = false;
  const tokens = createTokens({
    now: () => NOW,
    onLost: () => (lost = true),
    onFound: () => (lost = false),
    request: async (reason) => {
      asked.push(reason);
      await Promise.resolve();
      if (!give) throw new Error('timeout');
      return { token: `t${(count += 1)}`, expires_at: inSeconds(300) };
    },
  });
  tokens.set({ token: 't1', expires_at: inSeconds(validFor) });
  const client = createClient({
    tokens,
    language: () => 'ru',
    fetch: async (_path, init) => {
      const token = new Headers(init?.headers).get('Authorization')!.replace('Bearer ', '');
      sent.push(token);
      return server(token);
    },
  });
  return { client, asked, sent, isLost: () => lost };
}

const fine = () => new Response('{"ok":true}');
const refused = (retry: boolean) =>
  new Response(JSON.stringify({ code: 'token_expired', status: 401, title: '', detail: '', type: '' }), {
    status: 401,
    headers: retry ? { 'X-Host-Token-Retry': '1' } : {},
  });

test('a token with more than 30 s to live is used as it is', async () => {
  const { client, asked, sent } = setUp(fine, { validFor: 31 });
  await client.call('GET', '/api/session');
  expect([asked, sent]).toEqual([[], ['t1']]);
});

test('ten requests at 30 s before the end ask for one new token', async () => {
  const { client, asked, sent } = setUp(fine, { validFor: 30 });
  await Promise.all(Array.from({ length: 10 }, () => client.call('GET', '/api/session')));
  expect(asked).toEqual(['expiring']);
  expect(new Set(sent)).toEqual(new Set(['t2']));
});

test('a refused token is renewed once for all, and each request is repeated once', async () => {
  const { client, asked, sent } = setUp((token) => (token === 't1' ? refused(true) : fine()));
  await Promise.all([client.call('GET', '/a'), client.call('GET', '/b')]);
  expect(asked).toEqual(['rejected']);
  expect(sent.sort()).toEqual(['t1', 't1', 't2', 't2']);
});

test('a second refusal is an error, not another repeat', async () => {
  const { client, sent } = setUp(() => refused(true));
  await expect(client.call('GET', '/a')).rejects.toMatchObject({ code: 'token_expired' });
  expect(sent).toEqual(['t1', 't2']);
});

test('a refusal that a fresh token would not help is not repeated', async () => {
  const { client, sent } = setUp(() => refused(false));
  await expect(client.call('GET', '/a')).rejects.toBeInstanceOf(ApiError);
  expect(sent).toEqual(['t1']);
});

test('when the host gives no token, one that still holds is used', async () => {
  const { client, sent, isLost } = setUp(fine, { validFor: 20, give: false });
  await client.call('GET', '/a');
  expect([sent, isLost()]).toEqual([['t1'], false]);
});

test('when the host gives no token and the old one has ended, the session is lost', async () => {
  const { client, sent, isLost } = setUp(fine, { validFor: -1, give: false });
  await expect(client.call('GET', '/a')).rejects.toThrow();
  expect([sent, isLost()]).toEqual([[], true]);
});

test('an answer that is not ours becomes a problem with a known code', async () => {
  const page = () => new Response('<h1>Bad gateway</h1>', { status: 502 });
  await expect(setUp(page).client.call('GET', '/a')).rejects.toMatchObject({ code: 'unavailable' });
});

test('file names come from filename* first', () => {
  expect(fileNameOf(`attachment; filename="r.csv"; filename*=UTF-8''%D0%BE%D1%82.csv`)).toBe('от.csv');
  expect(fileNameOf('attachment; filename="my report.csv"')).toBe('my report.csv');
  expect(fileNameOf(`attachment; filename="r.csv"; filename*=UTF-8''%E0%A4`)).toBe('r.csv');
  expect(fileNameOf(null)).toBeNull();
});

describe('a stream', () => {
  const listen = async (client: Client, signal = new AbortController().signal) => {
    const heard: string[] = [];
    const onEvent = ({ name, data }: { name: string; data: string }) => heard.push(`${name} ${data}`);
    await client.stream('/api/campaigns/1/events', { signal, onEvent, onHeard: () => heard.push('.') });
    return heard;
  };

  test('gives its events, and ends when the server ends it', async () => {
    const { client } = setUp(() => new Response('event: campaign\ndata: 1\n\n:\n\n'));
    expect(await listen(client)).toEqual(['.', 'campaign 1']);
  });

  test('is asked for with a fresh token where the old one is refused', async () => {
    const { client, sent } = setUp((token) => (token === 't1' ? refused(true) : new Response('data: x\n\n')));
    expect(await listen(client)).toEqual(['.', 'message x']);
    expect(sent).toEqual(['t1', 't2']);
  });

  test('that breaks off is a lost network, and one that is closed here is not', async () => {
    const broken = () =>
      new Response(new ReadableStream({ pull: (stream) => stream.error(new Error('reset')) }));
    const { client } = setUp(broken);
    await expect(listen(client)).rejects.toMatchObject({ code: 'network' });
    const abort = new AbortController();
    abort.abort();
    await expect(listen(client, abort.signal)).rejects.toThrow(CancelledError);
  });
});
