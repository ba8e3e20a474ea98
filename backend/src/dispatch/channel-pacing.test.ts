import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  CHANNEL_WINDOW,
  fairShares,
  fastest,
  LONGEST_GRANT,
  perMinute,
  placesFor,
} from './channel-pacing.ts';
import { grantSize, LATENESS, slotOf, spacing, WINDOW } from './pacing.ts';

const rates = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 });
const limits = fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0.05, max: 1, noNaN: true }));
const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

describe('fair shares', () => {
  test.each([
    { limit: 6000, rates: [300, 10], shares: [300, 10] },
    { limit: 100, rates: [300, 10, 300], shares: [44, 10, 44] },
    { limit: 60, rates: [60], shares: [59] },
    { limit: 10, rates: [1, 300], shares: [1, 9] },
    {
      limit: 60,
      rates: Array.from({ length: 120 }, () => 300),
      shares: Array.from({ length: 120 }, () => 0),
    },
  ])('of $limit a minute for $rates.length campaigns', ({ limit, rates, shares }) => {
    const found = fairShares(rates, limit);
    expect(found.map(Math.round)).toEqual(shares);
    expect(Math.min(...found)).toBeGreaterThan(0);
  });

  test('together they stay below the limit, and none is above its own rate', () => {
    fc.assert(
      fc.property(rates, limits, (rates, limit) => {
        const shares = fairShares(rates, limit);
        expect(sum(shares)).toBeLessThan(limit);
        shares.forEach((share, at) => expect(share).toBeLessThanOrEqual(rates[at]!));
      }),
    );
  });

  test('who gets less than its rate gets as much as anybody, and then nothing is left', () => {
    fc.assert(
      fc.property(rates, limits, (rates, limit) => {
        const shares = fairShares(rates, limit);
        const most = Math.max(...shares);
        const short = shares.filter((share, at) => share < rates[at]!);
        for (const share of short) expect(share).toBeCloseTo(most, 6);
        if (short.length > 0) expect(sum(shares) / limit).toBeGreaterThan(0.97);
      }),
    );
  });
});

test('a limit per second is a whole number of messages a minute, if it is one at all', () => {
  expect([10, 1, 0.55, 0.29, 0.05, 1 / 60, 0.01].map(perMinute)).toEqual([600, 60, 33, 17, 3, 1, 0.6]);
});

test('a grant of any share is over within the time that the rule allows for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      limits,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (rate, limit, part) => {
        const goes = Math.min(rate, fastest(limit));
        const places = placesFor(goes * part);
        expect((places - 1) * spacing(goes)).toBeLessThan(LONGEST_GRANT);
        expect(spacing(goes)).toBeGreaterThanOrEqual((CHANNEL_WINDOW / limit) * (1 - 1e-9));
      },
    ),
  );
});

/** One channel's row, as `channel-places.ts` keeps it. */
class Channel {
  private due = 0;
  limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** @returns seconds until the turn; 0: the places are taken */
  reserve(places: number, now: number): number {
    const apart = CHANNEL_WINDOW / this.limit;
    const first = Math.max(Math.min(this.due, now + apart + LONGEST_GRANT + LATENESS), now - LATENESS);
    if (first > now) return first - now;
    this.due = first + places * apart;
    return 0;
  }
}

/**
 * Plays one channel with campaigns that start, pause and change their rates at any time, in any number of processes.
 * No share keeps them back: all ask as often as they can, which is the worst that wrong shares can do.
 */
function departures(limit: number, asks: readonly Ask[]): number[] {
  const channel = new Channel(limit);
  const left: number[] = [];
  let now = 0;
  for (const { pause, rate, share, answer, leave } of asks) {
    now += pause;
    const goes = Math.min(rate, fastest(limit));
    const places = Math.min(grantSize(goes), placesFor(goes * share));
    const wait = channel.reserve(places, now);
    if (wait > 0) {
      now += wait * leave;
      continue;
    }
    for (let i = 0; i < places; i += 1) {
      const slot = slotOf(i, goes, now * 1000, (now + answer) * 1000);
      if (slot.from <= slot.until) left.push((slot.from + leave * (slot.until - slot.from)) / 1000);
    }
  }
  return left.sort((a, b) => a - b);
}

interface Ask {
  pause: number;
  rate: number;
  share: number;
  answer: number;
  leave: number;
}

function mostInAMinute(times: readonly number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= 60) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

test('never more than the limit leaves in any 60 seconds, whoever asks, whenever, with whatever rate and share', () => {
  const ask = fc.record({
    pause: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.double({ min: 0, max: 5, noNaN: true })),
    rate: fc.integer({ min: 1, max: 300 }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    answer: fc.double({ min: 0, max: 0.25, noNaN: true }),
    leave: fc.constantFrom(0, 0.5, 1),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.array(ask, { minLength: 100, maxLength: 800 }),
      (limit, asks) => {
        expect(mostInAMinute(departures(limit, asks))).toBeLessThanOrEqual(limit);
      },
    ),
    { numRuns: 200 },
  );
});

test('campaigns that all ask all the time get 97 % of the limit', () => {
  const asks = Array.from({ length: 3000 }, (_, i) => ({
    pause: 0.01,
    rate: 1 + ((i * 7) % 300),
    share: 1,
    answer: 0,
    leave: 1,
  }));
  const left = departures(120, asks);
  const minutes = (left.at(-1)! - left[0]!) / 60;
  expect(left.length / minutes / 120).toBeGreaterThan(0.97);
});

test('the price of the rule is about two per cent of the limit', () => {
  expect(fastest(1000)).toBeCloseTo((1000 * WINDOW) / CHANNEL_WINDOW, 9);
  expect(60 / CHANNEL_WINDOW).toBeGreaterThan(0.975);
});
