import { expect, test } from '@jest/globals';
import { RefusalWatch } from './refusal-watch.ts';

const cases: { name: string; answers: (string | null)[]; tripsAt: number[] }[] = [
  { name: 'as many alike as the threshold, from the first on', answers: ['a', 'a', 'a', 'a'], tripsAt: [2] },
  { name: 'one fewer', answers: ['a', 'a'], tripsAt: [] },
  { name: 'of two causes', answers: ['a', 'b', 'b', 'b', 'b'], tripsAt: [] },
  { name: 'after one that got through', answers: [null, 'a', 'a', 'a'], tripsAt: [] },
  { name: 'one that got through among them', answers: ['a', 'a', null, 'a', 'a'], tripsAt: [] },
];

test.each(cases)('$name', ({ answers, tripsAt }) => {
  const watch = new RefusalWatch(3);
  const tripped = answers.flatMap((reason, at) => {
    if (reason !== null) return watch.refused('run', reason) ? [at] : [];
    watch.accepted('run');
    return [];
  });
  expect(tripped).toEqual(tripsAt);
});

test('runs do not count for each other', () => {
  const watch = new RefusalWatch(2);
  expect([watch.refused('1', 'a'), watch.refused('2', 'a'), watch.refused('1', 'a')]).toEqual([
    false,
    false,
    true,
  ]);
});
