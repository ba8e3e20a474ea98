import { describe, expect, test } from '@jest/globals';
import { MAX_FILE_BYTES } from '../../../../contract/list.ts';
import { bigFile } from '../../../test/big-file.ts';
import { readList } from './read-list.ts';

const ignore = () => undefined;

test.each(['utf-8', 'windows-1251', 'utf-16le', 'utf-16be'] as const)(
  'a list of 20,000 rows in %s is counted as it was made',
  (encoding) => {
    const { bytes, expected } = bigFile({ rows: 20_000, seed: 11, encoding });
    expect(readList(bytes, { method: 'sms' }, ignore)).toMatchObject({ encoding, ...expected });
    expect(expected.contacts + expected.duplicates + expected.refused).toBe(20_000);
    expect(Math.min(expected.duplicates, expected.refused)).toBeGreaterThan(50);
  },
);

test('the same seed makes the same file, another seed another', () => {
  const make = (seed: number) => bigFile({ rows: 500, seed, encoding: 'utf-8' }).bytes.toString();
  expect(make(1)).toBe(make(1));
  expect(make(1)).not.toBe(make(2));
});

test('600,000 rows stay just below the largest size', () => {
  const { bytes } = bigFile({ rows: 600_000, seed: 1, encoding: 'utf-8' });
  expect(bytes.length).toBeLessThan(MAX_FILE_BYTES);
  expect(bytes.length).toBeGreaterThan(MAX_FILE_BYTES * 0.8);
});

describe('of many rows none is lost, doubled or moved', () => {
  test.each([
    ['300,000 short rows', 300_000, (at: number) => `${89_000_000_000 + at}`, '\n'],
    ['quoted rows of two lines', 50_000, (at: number) => `${89_000_000_000 + at};"а\r\n""б"""`, '\r\n'],
    [
      'stray quotes here and there',
      50_000,
      (at: number) => `${89_000_000_000 + at};${at % 1000 ? '' : '"'}x`,
      '\n',
    ],
    ['rows ended by CR alone', 50_000, (at: number) => `${89_000_000_000 + at};x`, '\r'],
  ])('%s', (_, count, line, end) => {
    const text = `Телефон;Имя${end}${Array.from({ length: count }, (_, at) => line(at)).join(end)}`;
    let next = 0;
    let wrong = 0;
    const { rows } = readList(Buffer.from(text), { method: 'waba' }, (batch) => {
      for (const { row, cells } of batch) {
        if (row !== next + 2 || cells[0] !== String(89_000_000_000 + next)) wrong += 1;
        next += 1;
      }
    });
    expect({ rows, next, wrong }).toEqual({ rows: count, next: count, wrong: 0 });
  });
});
