import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import type { LengthsRequest } from '../../../contract/campaign.ts';
import type { Lengths } from '../../../contract/lengths.ts';
import { AGAIN_MS, createMeasuring, SETTLE_MS } from './measuring.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

function setUp() {
  const asked: LengthsRequest[] = [];
  const answers: { give(rows: number, exact: boolean): Promise<void>; fail(): Promise<void> }[] = [];
  const shown: [number, boolean][] = [];
  const errors: unknown[] = [];
  const measuring = createMeasuring({
    ask: (request) => {
      asked.push(request);
      return new Promise<Lengths>((resolve, reject) =>
        answers.push({
          give: (rows, exact) => (resolve({ rows, exact } as Lengths), jest.advanceTimersByTimeAsync(0)),
          fail: () => (reject(new Error('gone')), jest.advanceTimersByTimeAsync(0)),
        }),
      );
    },
    onAnswer: ({ rows, exact }) => shown.push([rows, exact]),
    onError: (error) => errors.push(error),
  });
  const settle = () => jest.advanceTimersByTimeAsync(SETTLE_MS);
  return { asked, answers, shown, errors, measuring, settle };
}

test('asks once, a moment after the last key', async () => {
  const { asked, measuring, settle } = setUp();
  measuring.want({ text: 'a' });
  await jest.advanceTimersByTimeAsync(SETTLE_MS - 1);
  measuring.want({ text: 'ab' });
  await jest.advanceTimersByTimeAsync(SETTLE_MS - 1);
  expect(asked).toEqual([]);
  await settle();
  expect(asked).toEqual([{ text: 'ab', wait: false }]);
});

test('shows the estimate, then waits for the exact figures', async () => {
  const { asked, answers, shown, measuring, settle } = setUp();
  measuring.want({ text: 'a' });
  await settle();
  await answers[0]!.give(100, false);
  expect(asked[1]).toEqual({ text: 'a', wait: true });
  await answers[1]!.give(97, true);
  expect(shown).toEqual([
    [100, false],
    [97, true],
  ]);
  await jest.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(2);
});

test('a late answer never replaces a newer one', async () => {
  const { answers, shown, errors, measuring, settle } = setUp();
  measuring.want({ text: 'old' });
  await settle();
  measuring.want({ text: 'new' });
  await settle();
  await answers[1]!.give(2, true);
  await answers[0]!.give(1, true);
  expect(shown).toEqual([[2, true]]);
  measuring.want({ text: 'newer' });
  await settle();
  measuring.want({ text: 'newest' });
  await answers[2]!.fail();
  expect(errors).toEqual([]);
});

test('given up for somebody else, it asks again after longer and longer pauses, and not for ever', async () => {
  const { asked, answers, measuring, settle } = setUp();
  measuring.want({ text: 'a' });
  await settle();
  for (let i = 0; i < AGAIN_MS.length; i++) {
    await answers[i]!.give(100, false);
    await jest.advanceTimersByTimeAsync(Math.max(0, AGAIN_MS[i]! - 1));
    expect(asked).toHaveLength(AGAIN_MS[i]! === 0 ? i + 2 : i + 1);
    await jest.advanceTimersByTimeAsync(1);
    expect(asked).toHaveLength(i + 2);
  }
  await answers.at(-1)!.give(100, false);
  await jest.advanceTimersByTimeAsync(600_000);
  expect(asked).toHaveLength(AGAIN_MS.length + 1);
});

test('stopped, it neither asks nor shows', async () => {
  const { asked, answers, shown, measuring, settle } = setUp();
  measuring.want({ text: 'a' });
  measuring.stop();
  await settle();
  measuring.want({ text: 'b' });
  await settle();
  measuring.stop();
  await answers[0]!.give(1, false);
  await jest.advanceTimersByTimeAsync(60_000);
  expect([asked.length, shown]).toEqual([1, []]);
});

test('a failure is told', async () => {
  const { answers, errors, measuring, settle } = setUp();
  measuring.want({ text: 'a' });
  await settle();
  await answers[0]!.fail();
  expect(errors).toHaveLength(1);
});
