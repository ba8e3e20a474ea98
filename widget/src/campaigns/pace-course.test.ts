import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { MAX_PACE_POINTS, type Pace } from '../../../contract/live.ts';
import { courseOf, summaryOf, tableOf } from './pace-course.ts';

const at = (second: number) => new Date(Date.UTC(2026, 10, 25, 12, 0, second)).toISOString();

function pace(seconds: number, counts: number[], more: Partial<Pace> = {}): Pace {
  return {
    run: 1,
    from: at(0),
    to: at(seconds),
    bucketSeconds: 60,
    counts,
    rates: [{ at: at(0), perMinute: 60 }],
    pauses: [],
    ...more,
  };
}

test('a stretch that is not over is told by what has passed of it, once that is enough', () => {
  expect(courseOf(pace(90, [60, 20])).perMinute).toEqual([60, 40, 40]);
  expect(courseOf(pace(70, [60, 20])).perMinute).toEqual([60, null, null]);
});

test('longer stretches are told by the minute', () => {
  expect(courseOf(pace(600, [300, 150], { bucketSeconds: 300 })).perMinute).toEqual([60, 30, 30]);
});

test('a minute that has only begun is not said to hold more than is set, unless it does', () => {
  expect(courseOf(pace(45, [46])).perMinute).toEqual([60, 60]);
  expect(courseOf(pace(45, [40])).perMinute[0]).toBeCloseTo(53.3, 1);
  expect(courseOf(pace(50, [70])).perMinute).toEqual([70, 70]);
});

test('the last stretch ends where the run does', () => {
  const { times } = courseOf(pace(90, [60, 20]));
  expect(times.map((time) => time - times[0]!)).toEqual([0, 60, 90]);
});

test('the set rate is the greatest of its stretch, and none while paused', () => {
  const rates = [
    { at: at(0), perMinute: 60 },
    { at: at(61), perMinute: 300 },
  ];
  const pauses = [{ from: at(180), to: at(240) }];
  const { rate } = courseOf(pace(300, [60, 60, 300, 0, 300], { rates, pauses }));
  expect(rate).toEqual([60, 300, 300, null, 300, 300]);
});

test('a pause does not pull the average down', () => {
  const pauses = [{ from: at(60), to: null }];
  expect(summaryOf(pace(180, [58, 0, 0], { pauses }))).toEqual({
    average: 58,
    most: 58,
    set: [60, 60],
    messages: 58,
  });
});

test('the average is of all messages over all the time, however short the last stretch is', () => {
  expect(summaryOf(pace(90, [60, 15]))).toMatchObject({ average: 50, most: 60 });
  expect(summaryOf(pace(70, [0, 10]))).toMatchObject({ average: 8.6, most: 10 });
});

test('rates that were changed are told as a span', () => {
  const rates = [20, 2, 250, 10].map((perMinute, i) => ({ at: at(60 * i), perMinute }));
  expect(summaryOf(pace(240, [20, 2, 250, 10], { rates }))).toMatchObject({ set: [2, 250] });
});

test('nothing is told of a run that has just begun', () => {
  expect(summaryOf(pace(10, [8]))).toBeNull();
});

test('the table has every message in a few rows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: MAX_PACE_POINTS }),
      fc.nat({ max: 59 }),
      (counts, more) => {
        const run = pace((counts.length - 1) * 60 + more, counts);
        const rows = tableOf(run);
        expect(rows.length).toBeLessThanOrEqual(24);
        const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
        expect(sum(rows.map(({ messages }) => messages))).toBe(sum(counts));
        const { times } = courseOf(run);
        expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
      },
    ),
  );
});
