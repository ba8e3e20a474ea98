import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { csvCell, csvLine } from './csv.ts';
import { plainLines } from './download.ts';

describe('a cell of CSV', () => {
  test.each([
    ['plain', 'plain'],
    ['8 (912) 345-67-89', '8 (912) 345-67-89'],
    ['', ''],
    ['a;b', '"a;b"'],
    ['ООО "Ромашка"', '"ООО ""Ромашка"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', `'=1+1`],
    ['+79123456789', `'+79123456789`],
    ['-1', `'-1`],
    ['@SUM(A1)', `'@SUM(A1)`],
    ['\t=1', `'\t=1`],
    ['=HYPERLINK("http://x";"y")', `"'=HYPERLINK(""http://x"";""y"")"`],
  ])('%j becomes %j', (cell, expected) => expect(csvCell(cell)).toBe(expected));

  test('a line ends with CRLF', () => expect(csvLine(['a', 'b'])).toBe('a;b\r\n'));
});

test('what COPY escapes is put back, and lines end with CRLF', () => {
  expect(plainLines('a\\nb\\r\\t\\\\n\nc\n')).toBe('a\nb\r\t\\n\r\nc\r\n');
});

describe('the same rule in PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await cloneDatabase();
  });
  afterAll(() => database.drop());

  test('gives the same cells', async () => {
    const special = fc.constantFrom('=', '+', '-', '@', ';', '"', "'", '\n', '\r', '\t', ',', '\\', 'я', '1');
    const cells = fc.sample(
      fc.string({ unit: fc.oneof(special, fc.string({ unit: 'binary', maxLength: 1 })), maxLength: 12 }),
      2000,
    );
    // PostgreSQL's text holds neither NUL nor half of a pair; \u0001 and \u0002 are taken out on purpose.
    const holdable = cells.filter(
      (cell) =>
        !['\0', '\u0001', '\u0002'].some((each) => cell.includes(each)) &&
        Buffer.from(cell).toString() === cell,
    );
    const rows: { cell: string }[] = await database.dataSource.query(
      'select csv_cell(cell) as cell from unnest($1::text[]) with ordinality as t (cell, n) order by n',
      [holdable],
    );
    expect(rows.map(({ cell }) => cell)).toEqual(holdable.map(csvCell));
  });
});
