import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ENCODINGS, REFUSALS, SEPARATORS, type Refusal } from '../../../../contract/list.ts';
import {
  correctionLine,
  isRowColumn,
  reasonColumn,
  reasonText,
  rowColumn,
  withoutGuard,
} from './correction-file.ts';
import { canEncode, encodeText, markOf, plainer } from './encode-text.ts';
import { readCorrection, type CorrectedRow } from './read-correction.ts';

const KEY = { accountId: 1, campaignId: 2, listId: 3 };
const LIST = { rowColumn: rowColumn(KEY), columns: ['Имя', 'Телефон'], phoneColumn: 1 };
const HEAD = [...LIST.columns, 'Что исправить', LIST.rowColumn];

function read(bytes: Uint8Array): CorrectedRow[] {
  const rows: CorrectedRow[] = [];
  const count = readCorrection(bytes, LIST, 'sms', (each) => rows.push(...each));
  expect(count).toBe(rows.length);
  return rows;
}

const cell = fc.string({
  unit: fc.constantFrom("'", '=', '+', '-', '@', '"', ';', ',', '\t', '\r', '\n', ' ', 'Я', 'z', '7'),
  maxLength: 8,
});

test('every cell comes back as it was, in every encoding and with every separator', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }),
      fc.constantFrom(...ENCODINGS),
      fc.constantFrom(...SEPARATORS),
      (rows, encoding, separator) => {
        const lines = rows.map((cells, at) => [...cells, 'Ячейка пуста', String(at + 2)]);
        const text = [HEAD, ...lines].map((line) => correctionLine(line, separator)).join('');
        const bytes = Buffer.concat([markOf(encoding), encodeText(text, encoding)]);
        expect(read(bytes).map(({ row, cells }) => [row, cells])).toEqual(
          rows.map((cells, at) => [at + 2, cells]),
        );
      },
    ),
  );
});

test('nothing in it runs as a formula', () => {
  fc.assert(
    fc.property(cell, (text) => {
      const line = correctionLine([text], ';').replace(/^"/, '');
      expect(line).not.toMatch(/^[=+\-@\t]/);
      if (text !== '') expect(line).not.toMatch(/^\r(?!\n$)/);
    }),
  );
  expect(["'=1", "''=1", "'a", '=1'].map(withoutGuard)).toEqual(['=1', "'=1", "'a", '=1']);
});

test('the reasons can be written in every encoding, with plainer marks where it lacks the better ones', () => {
  for (const encoding of ENCODINGS) {
    for (const refusal of REFUSALS) {
      for (const language of ['en', 'ru'] as const)
        expect(canEncode(plainer(reasonText(refusal, language), encoding), encoding)).toBe(true);
    }
    expect(canEncode(LIST.rowColumn + reasonColumn([], 'ru'), encoding)).toBe(true);
  }
  expect(plainer('«Текстовый» — да', 'koi8-r')).toBe('"Текстовый" - да');
  expect(plainer('«Текстовый» — да', 'windows-1251')).toBe('«Текстовый» — да');
  expect(encodeText('я🙂', 'windows-1251').toString('latin1')).toBe('\xff??');
});

test('the row column is of one list alone; the reason’s is none of the user’s', () => {
  const names = [KEY, { ...KEY, accountId: 2 }, { ...KEY, campaignId: 1 }, { ...KEY, listId: 4 }].map(
    rowColumn,
  );
  expect(new Set(names).size).toBe(4);
  expect(names.every(isRowColumn)).toBe(true);
  expect(reasonColumn(['что исправить', 'Что исправить (2)'], 'ru')).toBe('Что исправить (3)');
  expect(reasonColumn(['Phone'], 'en')).toBe('What to correct');
});

test.each<[string, string, Partial<CorrectedRow>]>([
  ['a number', '8 (912) 000-00-01', { phone: '+79120000001', refusal: null, repairs: ['trunk_eight'] }],
  ['our own apostrophe, which is no repair', "'+79120000001", { phone: '+79120000001', repairs: [] }],
  ['a landline', '84951234567', { phone: null, refusal: 'landline' as Refusal, repairs: [] }],
  ['nothing', '', { phone: null, refusal: 'empty', repairs: [] }],
])('%s in the phone cell', (_, phone, expected) => {
  const [row] = read(Buffer.from([HEAD, ['Яна', phone, '', '5']].map((line) => line.join(';')).join('\n')));
  expect(row).toMatchObject({ row: 5, ...expected });
});

test('a row number that is none, a row that ends early, a column that is gone', () => {
  const rows = read(Buffer.from(`${LIST.rowColumn};Телефон\nпять;89120000001\n6\n 7 ;1;2;3\n;;\n`));
  expect(rows).toMatchObject([
    { row: null, phone: '+79120000001', cells: [null, '89120000001'] },
    { row: 6, refusal: 'empty', cells: [null, ''] },
    { row: 7, refusal: 'no_number', cells: [null, '1'] },
  ]);
});
