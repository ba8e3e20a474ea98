import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { SILENT_AFTER_MS } from '../../../contract/live.ts';
import { createLive } from './live.ts';

/** A server that a test plays: each stream it was asked for, and how often it was asked otherwise. */
function setUp({ moving = true } = {}) {
  const streams: { heard(): void; end(): void; fail(): void; signal: AbortSignal }[] = [];
  let polls = 0;
  let asleep = 0;
  const live = createLive({
    stream: (signal, heard) =>
      new Promise((resolve, reject) =>
        streams.push({ heard, end: resolve, fail: () => reject(new Error('broken')), signal }),
      ),
    poll: async () => void (polls += 1),
    isMoving: () => moving,
    now: () => Date.now() + asleep,
    random: () => 1,
  });
  return {
    live,
    streams,
    last: () => streams.at(-1)!,
    polls: () => polls,
    sleep: (ms: number) => (asleep += ms),
  };
}

const after = (ms: number) => jest.advanceTimersByTimeAsync(ms);

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

test('while the stream lives nothing is asked for', async () => {
  const { live, last, polls } = setUp();
  live.start();
  last().heard();
  expect(live.isLive.value).toBe(true);
  await after(SILENT_AFTER_MS - 1);
  expect(polls()).toBe(0);
});

test('until the stream has said something the server is asked', async () => {
  const { live, last, polls } = setUp();
  live.start();
  await after(3000);
  expect(polls()).toBe(3);
  last().heard();
  await after(3000);
  expect(polls()).toBe(3);
});

test('a campaign that does not move is asked for every five seconds', async () => {
  const { live, polls } = setUp({ moving: false });
  live.start();
  await after(10_000);
  expect(polls()).toBe(2);
});

test('a stream that its server ends after a while is had again within a second, and asked for meanwhile', async () => {
  const { live, streams, last, polls } = setUp();
  live.start();
  last().heard();
  await after(10_000);
  last().end();
  await after(0);
  expect([live.isLive.value, polls()]).toEqual([false, 1]);
  await after(1000);
  expect(streams).toHaveLength(2);
  last().heard();
  expect(live.isLive.value).toBe(true);
});

test('a stream that cannot be had is tried more and more seldom, while the server is asked every second', async () => {
  const { live, streams, last, polls } = setUp();
  live.start();
  const tries: number[] = [];
  for (let second = 0; second < 100; second += 1) {
    last().fail();
    const before = streams.length;
    await after(1000);
    if (streams.length > before) tries.push(second + 1);
  }
  expect(tries).toEqual([1, 3, 7, 15, 31, 61, 91]);
  expect(polls()).toBeGreaterThanOrEqual(90);
});

test('a stream that ends as soon as it began is no better than none', async () => {
  const { live, streams, last } = setUp();
  live.start();
  for (let second = 0; second < 30; second += 1) {
    last().heard();
    last().end();
    await after(1000);
  }
  expect(streams.length).toBeLessThan(7);
});

test('a stream that falls silent is given up, and another one taken', async () => {
  const { live, streams, last, polls } = setUp();
  live.start();
  last().heard();
  const first = last();
  await after(SILENT_AFTER_MS);
  expect([first.signal.aborted, live.isLive.value]).toEqual([true, false]);
  await after(1000);
  expect([streams.length, polls() > 0]).toEqual([2, true]);
  // Whatever the old one still says is not heard.
  first.heard();
  expect(live.isLive.value).toBe(false);
});

test('after the computer has slept the stream is taken anew at once', async () => {
  const { live, streams, last, sleep } = setUp();
  live.start();
  last().heard();
  await after(5000);
  last().heard();
  sleep(3_600_000);
  await after(1000);
  expect(live.isLive.value).toBe(false);
  await after(1000);
  expect(streams).toHaveLength(2);
});

test('stopped, it neither listens nor asks; started again, it does', async () => {
  const { live, streams, last, polls } = setUp();
  live.start();
  last().heard();
  live.stop();
  last().fail();
  live.reschedule();
  await after(60_000);
  expect([streams.length, polls(), live.isLive.value, last().signal.aborted]).toEqual([1, 0, false, true]);
  live.start();
  expect(streams).toHaveLength(2);
});
