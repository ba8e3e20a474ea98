import { expect, test } from '@jest/globals';
import type { HostChannel } from '../../contract/host-api.ts';
import { ChannelTraffic } from './channel-traffic.ts';

const channel = (per_second?: number): HostChannel => ({
  id: 'sms',
  type: 'sms',
  name: 'SMS',
  status: 'active',
  capabilities: { replies: false },
  ...(per_second !== undefined && { limits: { per_second } }),
});

test('a channel takes as many as it declares in any 60 seconds, and says when there is room again', () => {
  const traffic = new ChannelTraffic();
  for (const at of [0, 10_000, 20_000]) traffic.admit('a', channel(0.05), at);
  expect(() => traffic.admit('a', channel(0.05), 59_999)).toThrow(
    expect.objectContaining({ status: 429, retryAfterSeconds: 1 }),
  );
  expect(() => traffic.admit('a', channel(0.05), 60_000)).not.toThrow();
  expect(() => traffic.admit('a', channel(0.05), 60_001)).toThrow();
  expect(() => traffic.admit('b', channel(0.05), 60_001)).not.toThrow();
});

test('a channel that declares no limit takes everything', () => {
  const traffic = new ChannelTraffic();
  for (let n = 0; n < 1000; n += 1) expect(() => traffic.admit('a', channel(), 0)).not.toThrow();
});
