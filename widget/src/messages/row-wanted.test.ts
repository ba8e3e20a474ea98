import { expect, test } from '@jest/globals';
import { rowWanted } from './row-wanted.ts';

test.each([
  ['2', { slot: 'main', row: 2 }],
  [' 600001 ', { slot: 'main', row: 600001 }],
  ['+7 912 345-67-89', { phone: '+7 912 345-67-89' }],
  ['89123456789', { phone: '89123456789' }],
  ['9123456789', { phone: '9123456789' }],
  ['0', null],
  ['', null],
  ['1,5', null],
  ['Анна', null],
  ['-3', null],
])('%j is asked for as %j', (typed, wanted) => {
  expect(rowWanted(typed, 'main')).toEqual(wanted);
});
