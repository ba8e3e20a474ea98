import { expect, test } from '@jest/globals';
import { RefusalWatch } from './refusal-watch.ts';

const THRESHOLD = 3;
const LATER = 5 * THRESHOLD;
const times = (count: number, answer: string | null) => Array<string | null>(count).fill(answer);

const cases: { name: string; answers: (string | null)[]; tripsAt: [number, string][] }[] = [
  {
    name: 'as many alike as the threshold, from the first on',
    answers: ['a', 'a', 'a', 'a'],
    tripsAt: [[2, 'first']],
  },
  { name: 'one fewer', answers: ['a', 'a'], tripsAt: [] },
  { name: 'of two causes', answers: ['a', 'b', 'b', 'b', 'b'], tripsAt: [] },
  { name: 'after one that got through', answers: [null, 'a', 'a', 'a'], tripsAt: [] },
  { name: 'one that got through among them', answers: ['a', 'a', null, 'a', 'a'], tripsAt: [] },
  {
    name: 'very many later on, again and again',
    answers: [null, ...times(2 * LATER, 'a')],
    tripsAt: [
      [LATER, 'last'],
      [2 * LATER, 'last'],
    ],
  },
  {
    name: 'later on, but for one between',
    answers: [null, ...times(LATER - 1, 'a'), null, ...times(LATER - 1, 'a')],
    tripsAt: [],
  },
  {
    name: 'later on, of two causes',
    answers: [null, ...times(LATER - 1, 'a'), ...times(LATER - 1, 'b')],
    tripsAt: [],
  },
  {
    name: 'bad numbers later on, when there are many more of them',
    answers: [null, ...times(4 * LATER, 'recipient_invalid')],
    tripsAt: [[4 * LATER, 'last']],
  },
  {
    name: 'after it went on',
    answers: times(THRESHOLD + LATER, 'a'),
    tripsAt: [
      [THRESHOLD - 1, 'first'],
      [THRESHOLD + LATER - 1, 'last'],
    ],
  },
];

test.each(cases)('$name', ({ answers, tripsAt }) => {
  const watch = new RefusalWatch(THRESHOLD);
  const tripped = answers.flatMap((reason, at) => {
    if (reason === null) watch.accepted('run');
    const alike = reason === null ? null : watch.refused('run', reason);
    return alike ? [[at, alike.of]] : [];
  });
  expect(tripped).toEqual(tripsAt);
});

test('runs do not count for each other', () => {
  const watch = new RefusalWatch(2);
  const told = ['1', '2', '1'].map((run) => watch.refused(run, 'a'));
  expect(told).toEqual([null, null, { of: 'first', count: 2 }]);
});
