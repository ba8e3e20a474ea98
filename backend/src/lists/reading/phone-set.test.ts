import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { PhoneSet } from './phone-set.ts';

test('property: says of each number whether it is new, as a Set would', () => {
  const near = fc.integer({ min: 79_120_000_000, max: 79_120_000_050 });
  const any = fc.integer({ min: 10_000_000, max: 999_999_999_999_999 });
  fc.assert(
    fc.property(fc.array(fc.oneof(near, any), { maxLength: 300 }), (numbers) => {
      const set = new PhoneSet();
      const model = new Set<number>();
      const isNew = (number: number) => !model.has(number) && Boolean(model.add(number));
      expect(numbers.map((number) => set.add(`+${number}`))).toEqual(numbers.map(isNew));
      expect(set.size).toBe(model.size);
    }),
    { numRuns: 300 },
  );
});

test('remembers every number as it grows', () => {
  const set = new PhoneSet();
  const phone = (at: number) => `+7${9_000_000_000 + at * 7}`;
  const added = () => Array.from({ length: 100_000 }, (_, at) => set.add(phone(at))).filter(Boolean).length;
  expect([added(), added()]).toEqual([100_000, 0]);
  expect(set.size).toBe(100_000);
});

test.each([
  ['neighbours', (at: number) => 79_120_000_000 + at],
  ['every tenth', (at: number) => 79_120_000_000 + at * 10],
  ['a power of two apart', (at: number) => 79_000_000_000 + at * 4096],
  [
    'the same low 32 bits',
    (at: number) => 79_000_000_000 + (at % 1000) * 4_294_967_296 + Math.floor(at / 1000),
  ],
])('a list of %s is as quick as any', (_, number) => {
  const set = new PhoneSet();
  for (let at = 0; at < 200_000; at++) set.add(`+${number(at)}`);
  expect(set.size).toBe(200_000);
});
