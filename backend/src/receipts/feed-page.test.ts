import { expect, test } from '@jest/globals';
import { feedAnswer } from './feed-page.ts';

const NOW = Date.UTC(2026, 10, 24);
const event = (id: unknown, more = {}) => ({ id, type: 'message.status', data: { status: 'sent', ...more } });
const page = (data: unknown, next: unknown = 'b') => ({ status: 200, body: { data, next } });

test.each([
  ['an event', page([event('e1')]), { kind: 'page', next: 'b', isLast: false, strange: 0 }],
  ['nothing new', page([], 'a'), { kind: 'page', next: 'a', isLast: true, incoming: [] }],
  ['events of which one is none', page([event('e1'), 'x', event('')]), { kind: 'page', strange: 2 }],
  ['an id that no webhook could have', page([event('a b\u0000')]), { kind: 'page', strange: 1 }],
  ['a page without its next', page([event('e1')], null), { kind: 'trouble' }],
  ['a page that leads nowhere', page([event('e1')], 'a'), { kind: 'trouble' }],
  ['a place nobody could keep', page([], 'x'.repeat(513)), { kind: 'trouble' }],
  ['too many events', page(Array.from({ length: 1001 }, (_, n) => event(`e${n}`))), { kind: 'trouble' }],
  ['no JSON', { status: 200, body: null }, { kind: 'trouble' }],
  ['a list', { status: 200, body: [] }, { kind: 'trouble' }],
  ['a place that is forgotten', { status: 410, body: null }, { kind: 'begin_anew' }],
  ['no such address', { status: 404, body: null }, { kind: 'no_feed' }],
  ['no feed', { status: 501, body: null }, { kind: 'no_feed' }],
  ['a fault', { status: 500, body: null }, { kind: 'trouble' }],
  ['a refusal', { status: 401, body: null }, { kind: 'trouble' }],
])('%s', (_what, answer, expected) => {
  expect(feedAnswer(answer, 'a', NOW)).toMatchObject(expected);
});

test('an event older than the inbox remembers is left out, and the place moves past it', () => {
  const week = 7 * 24 * 3600 * 1000;
  const at = (ms: number) => ({ occurred_at: new Date(ms).toISOString() });
  const answer = feedAnswer(
    page([event('old', at(NOW - week - 1)), event('new', at(NOW - week + 1)), event('timeless')]),
    'a',
    NOW,
  );
  expect(answer).toMatchObject({ next: 'b', incoming: [{ id: 'new' }, { id: 'timeless' }] });
});

test('a host that forgets even its oldest event is in trouble', () => {
  expect(feedAnswer({ status: 410, body: null }, null, NOW)).toMatchObject({ kind: 'trouble' });
});
