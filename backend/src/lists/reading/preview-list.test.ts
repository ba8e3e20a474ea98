import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ENCODINGS } from '../../../../contract/list.ts';
import { encode } from '../../../test/encode.ts';
import { previewList } from './preview-list.ts';

const LIST = `Телефон;Имя\r\n${'89123456789;Мария Ёлкина\r\n'.repeat(40)}`;

test('the beginning of a file shows what the whole shows, wherever it is cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...ENCODINGS), fc.integer({ min: 0, max: 300 }), (encoding, less) => {
      const bytes = encode(LIST, encoding);
      // In UTF-16 a part of a file has an even length.
      const cut = encoding.startsWith('utf-16') ? less & ~1 : less;
      const whole = previewList(bytes, true, {});
      expect(previewList(bytes.subarray(0, bytes.length - cut), false, {})).toEqual(whole);
      expect(whole.reading).toEqual({ encoding, separator: ';', header: true, phoneColumn: 0 });
      expect(whole.rows).toHaveLength(20);
    }),
    { numRuns: 500 },
  );
});

test('a row that is longer than what is looked at is shown as far as it goes', () => {
  const bytes = Buffer.from(`89123456789;${'ё'.repeat(1000)}`);
  for (const length of [bytes.length, bytes.length - 1]) {
    const { rows } = previewList(bytes.subarray(0, length), false, {});
    expect(rows).toEqual([{ row: 1, cells: ['89123456789', 'ё'.repeat(100)] }]);
  }
});

test('a file without a column of phones is shown all the same', () => {
  expect(previewList(Buffer.from('Кто;Где\nЯна;Уфа\n'), true, {})).toEqual({
    reading: { encoding: 'utf-8', separator: ';', header: false, phoneColumn: null },
    columns: ['Столбец 1', 'Столбец 2'],
    rows: [
      { row: 1, cells: ['Кто', 'Где'] },
      { row: 2, cells: ['Яна', 'Уфа'] },
    ],
  });
});

test('of nothing but empty rows there is no preview', () => {
  expect(() => previewList(Buffer.from(';;\r\n\r\n'), true, {})).toThrow(
    expect.objectContaining({ code: 'file_empty' }),
  );
});
