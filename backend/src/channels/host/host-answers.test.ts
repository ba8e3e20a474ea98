import { describe, expect, test } from '@jest/globals';
import { gatewayAnswer, retryAfterMs } from './host-answers.ts';
import { neverLeft } from './host-client.ts';
import { foundIn } from './host-messenger.ts';

describe('what the host’s answer means', () => {
  test.each([
    [422, 'recipient_invalid', { kind: 'refused', reason: 'recipient_invalid' }],
    [422, 'recipient_opted_out', { kind: 'refused', again: false }],
    [422, 'recipient_unreachable', { kind: 'refused', again: true }],
    [422, 'template_paused', { kind: 'stop', reason: 'template_unavailable' }],
    [403, 'sender_blocked', { kind: 'stop', reason: 'sender_blocked' }],
    [402, 'balance', { kind: 'stop', reason: 'balance' }],
    [401, 'unauthorized', { kind: 'stop', reason: 'credentials' }],
    [401, null, { kind: 'stop', reason: 'credentials' }],
    [429, null, { kind: 'slow', afterMs: 7000 }],
    [503, null, { kind: 'later', afterMs: 7000 }],
    [409, 'idempotency_conflict', { kind: 'no_answer' }],
    [500, null, { kind: 'no_answer' }],
    [504, null, { kind: 'no_answer' }],
    [422, 'never heard of', { kind: 'refused', again: false }],
  ])('%i %s', (status, code, expected) => {
    expect(gatewayAnswer({ status, code, detail: null, retryAfterMs: 7000 })).toMatchObject(expected);
  });
});

test.each([
  [undefined, null],
  ['3', 3000],
  ['0.5', 500],
  ['Tue, 24 Nov 2026 10:00:05 GMT', 5000],
  ['Tue, 24 Nov 2026 09:00:00 GMT', 0],
  ['soon', null],
])('Retry-After %j is %j ms', (header, expected) => {
  expect(retryAfterMs(header, Date.UTC(2026, 10, 24, 10, 0, 0))).toBe(expected);
});

test.each([
  ['ECONNREFUSED', true],
  ['ENOTFOUND', true],
  ['UND_ERR_CONNECT_TIMEOUT', true],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', true],
  ['ECONNRESET', false],
  ['UND_ERR_SOCKET', false],
  ['UND_ERR_HEADERS_TIMEOUT', false],
])('%s: the request never left: %s', (code, expected) => {
  expect(neverLeft(Object.assign(new Error(), { code }))).toBe(expected);
});

describe('what the host’s look-up means', () => {
  const message = (status: string, client_ref = 'mine', id = `m-${status}`) => ({ id, client_ref, status });
  test.each([
    [{ data: [message('queued')] }, { kind: 'known', providerId: 'm-queued', state: 'sent' }],
    [{ data: [message('failed')] }, { kind: 'known', providerId: 'm-failed', state: 'failed' }],
    [{ data: [message('sent'), message('read'), message('failed')] }, { kind: 'known', state: 'read' }],
    [{ data: [message('sent', 'other'), message('queued')] }, { kind: 'known', providerId: 'm-queued' }],
    [{ data: [] }, { kind: 'not_known' }],
    [{ data: [message('sent', 'other')] }, { kind: 'cannot_tell' }],
    [{ data: [message('lost')] }, { kind: 'cannot_tell' }],
    [{ data: [message('sent', 'mine', '')] }, { kind: 'cannot_tell' }],
    [{}, { kind: 'cannot_tell' }],
    [null, { kind: 'cannot_tell' }],
  ])('%j', (body, expected) => {
    expect(foundIn(body, 'mine')).toMatchObject(expected);
  });
});
