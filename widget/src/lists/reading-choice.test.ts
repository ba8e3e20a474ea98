import { expect, test } from '@jest/globals';
import type { ListSummary } from '../../../contract/list.ts';
import { differs, withChoice, type ShownReading } from './reading-choice.ts';

const SHOWN: ShownReading = { encoding: 'koi8-r', separator: ';', header: true, phoneColumn: 2 };

test('another encoding leaves everything else to be told from the file', () => {
  expect(withChoice(SHOWN, 'encoding', 'utf-8')).toEqual({ encoding: 'utf-8' });
});

test('another separator keeps the encoding and looks for the columns anew', () => {
  expect(withChoice(SHOWN, 'separator', '\t')).toEqual({ encoding: 'koi8-r', separator: '\t' });
});

test('another header or phone column keeps all the rest', () => {
  expect(withChoice(SHOWN, 'header', false)).toEqual({ ...SHOWN, header: false });
  expect(withChoice(SHOWN, 'phoneColumn', 0)).toEqual({ ...SHOWN, phoneColumn: 0 });
});

test('a phone column that was not found is not asked for', () => {
  const none = { ...SHOWN, phoneColumn: null };
  expect(withChoice(none, 'header', false)).toEqual({ encoding: 'koi8-r', separator: ';', header: false });
});

test('the first phone column chosen tells whether the first row is a header', () => {
  const none = { ...SHOWN, phoneColumn: null };
  expect(withChoice(none, 'phoneColumn', 1)).toEqual({ encoding: 'koi8-r', separator: ';', phoneColumn: 1 });
});

test.each<[Partial<ShownReading>, boolean]>([
  [{}, false],
  [{ encoding: 'utf-8' }, true],
  [{ separator: ',' }, true],
  [{ header: false }, true],
  [{ phoneColumn: null }, true],
])('a list differs from what is shown with %j: %s', (change, expected) => {
  expect(differs(SHOWN as ListSummary, { ...SHOWN, ...change })).toBe(expected);
});
