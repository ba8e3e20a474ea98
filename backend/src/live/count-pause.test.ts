import { expect, test } from '@jest/globals';
import { countPause } from './count-pause.ts';

test.each([
  ['a small campaign: once a second, whatever happens', 3, true, 1000],
  ['the same at rest', 3, false, 1000],
  ['as long as a tenth of a second: still once a second', 100, true, 1000],
  ['600,000 rows', 300, true, 3000],
  ['600,000 rows at rest', 300, false, 15_000],
])('%s', (_what, took, moved, pause) => {
  expect(countPause(took, moved)).toBe(pause);
});
