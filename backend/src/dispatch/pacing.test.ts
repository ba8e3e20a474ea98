import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { grantSize, LATENESS, slotOf, SPREAD, spacing } from './pacing.ts';

const rates = fc.integer({ min: 1, max: 300 });

/** Plays a campaign: claims come when they are due or late, each message leaves somewhere within its slot. */
function departures(rate: number, delays: { claim: number; answer: number; leave: number }[]): number[] {
  const left: number[] = [];
  let due = 0;
  let now = 0;
  for (const { claim, answer, leave } of delays) {
    now = Math.max(now, due) + claim;
    const granted = now;
    due = Math.max(due, granted - LATENESS) + grantSize(rate) * spacing(rate);
    for (let i = 0; i < grantSize(rate); i += 1) {
      const slot = slotOf(i, rate, granted * 1000, (granted + answer) * 1000);
      if (slot.from <= slot.until) left.push((slot.from + leave * (slot.until - slot.from)) / 1000);
    }
  }
  return left.sort((a, b) => a - b);
}

function mostInAMinute(times: number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= 60) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

test('never more than the rate leaves in any 60 seconds, however late claims, answers and departures are', () => {
  const delay = fc.record({
    claim: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.double({ min: 0, max: 3, noNaN: true })),
    answer: fc.double({ min: 0, max: 0.3, noNaN: true }),
    leave: fc.double({ min: 0, max: 1, noNaN: true }),
  });
  fc.assert(
    fc.property(rates, fc.array(delay, { minLength: 80, maxLength: 400 }), (rate, delays) => {
      expect(mostInAMinute(departures(rate, delays))).toBeLessThanOrEqual(rate);
    }),
    { numRuns: 300 },
  );
});

test('at least 99 % of the rate is reached when nothing is late', () => {
  fc.assert(
    fc.property(rates, (rate) => {
      expect(60 / spacing(rate) / rate).toBeGreaterThanOrEqual(0.99);
    }),
  );
});

test('a grant is about a second’s worth and at least one', () => {
  expect([1, 59, 60, 119, 120, 300].map(grantSize)).toEqual([1, 1, 1, 1, 2, 5]);
});

test('a slot ends before it begins when the claim’s answer took longer than the spread', () => {
  const slot = slotOf(0, 300, 0, SPREAD * 1000 + 1);
  expect(slot.until).toBeLessThan(slot.from);
});
