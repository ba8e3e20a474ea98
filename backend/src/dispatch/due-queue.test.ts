import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DueQueue } from './due-queue.ts';

test('gives what is due, the longest overdue first, and keeps the rest', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100)), fc.nat(100), fc.nat(20), (times, now, limit) => {
      const queue = new DueQueue<number>();
      for (const at of times) queue.add(at, at);
      const due = times.filter((at) => at <= now).sort((a, b) => a - b);
      expect(queue.take(now, limit)).toEqual(due.slice(0, limit));
      expect(queue.size).toBe(times.length - Math.min(limit, due.length));
      expect(queue.take(100, times.length)).toEqual(
        [...due.slice(limit), ...times.filter((at) => at > now)].sort((a, b) => a - b),
      );
    }),
  );
});
