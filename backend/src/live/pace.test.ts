import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PACE_POINTS } from '../../../contract/live.ts';
import { bucketSeconds, courseOf, type PaceEvent } from './pace.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

test.each([
  [0, MINUTE],
  [719 * MINUTE, MINUTE],
  [719 * MINUTE + 1, 2 * MINUTE],
  [24 * HOUR, 5 * MINUTE],
  [14 * 24 * HOUR, 30 * MINUTE],
  [719 * 24 * HOUR, 24 * HOUR],
  [719 * 24 * HOUR + 1, 48 * HOUR],
])('a run of %i s is counted in stretches of %i s', (seconds, width) => {
  expect(bucketSeconds(seconds)).toBe(width);
});

test('no run has more points than a chart can show, and each is a whole number of minutes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 * 365 * 24 * HOUR }), (seconds) => {
      const width = bucketSeconds(seconds);
      expect(Math.floor(seconds / width) + 1).toBeLessThanOrEqual(MAX_PACE_POINTS);
      expect(width % MINUTE).toBe(0);
    }),
  );
});

const at = (minute: number) => new Date(Date.UTC(2026, 10, 25, 12, minute));
const iso = (minute: number) => at(minute).toISOString();
const event = (minute: number, to: string, rate: number | null): PaceEvent => ({ at: at(minute), to, rate });

test('rates and pauses are those of the events', () => {
  const events = [
    event(1, 'running', 60),
    event(5, 'running', 300),
    event(7, 'paused', 300),
    event(8, 'paused', 30),
    event(9, 'running', 30),
    event(20, 'completed', null),
  ];
  expect(courseOf(events, at(0), 30)).toEqual({
    rates: [
      { at: iso(0), perMinute: 60 },
      { at: iso(5), perMinute: 300 },
      { at: iso(8), perMinute: 30 },
    ],
    pauses: [{ from: iso(7), to: iso(9) }],
  });
});

test('a pause that goes on has no end; a run whose events kept no rate has the one that is set', () => {
  const events = [event(1, 'running', null), event(7, 'paused', null)];
  expect(courseOf(events, at(0), 45)).toEqual({
    rates: [{ at: iso(0), perMinute: 45 }],
    pauses: [{ from: iso(7), to: null }],
  });
});
