import { expect, test } from '@jest/globals';
import { Book } from './ledger-book.ts';

function maxOf(times: number[]): number {
  const book = new Book();
  for (const at of times) book.add({ at, phone: String(at), second: null });
  return book.stats().maxPerMinute;
}

test('the largest count is found in any 60 seconds, not only in whole minutes', () => {
  expect(maxOf([])).toBe(0);
  expect(maxOf([0, 50_000, 70_000, 90_000])).toBe(3);
});

test('two messages exactly 60 seconds apart are not in one window, a moment less and they are', () => {
  expect(maxOf([0, 60_000])).toBe(1);
  expect(maxOf([0, 59_999.9])).toBe(2);
});

test('an even second of ten messages a minute apart never shows twenty', () => {
  const times = Array.from({ length: 1000 }, (_, i) => i * 6000);
  expect(maxOf(times)).toBe(10);
});
