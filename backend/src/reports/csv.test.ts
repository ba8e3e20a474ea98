import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { csvCell, csvLine, guardedSql } from './csv.ts';
import { csvRows } from './download.ts';

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

describe('rows in CSV form', () => {
  async function written(pieces: Buffer[]): Promise<string> {
    const parts: Buffer[] = [];
    for await (const part of csvRows('head\r\n')(piecesOf(pieces))) parts.push(part);
    return Buffer.concat(parts).toString();
  }

  async function* piecesOf(pieces: Buffer[]): AsyncGenerator<Buffer> {
    yield* pieces;
  }

  test('end with CRLF, a line break within a cell stays, wherever the pieces are cut', async () => {
    const text = 'a;"ООО ""Ромашка""\nдва";c\n1;"";"x\r\ny"\n';
    const expected = 'head\r\na;"ООО ""Ромашка""\nдва";c\r\n1;"";"x\r\ny"\r\n';
    const bytes = Buffer.from(text);
    for (let at = 0; at <= bytes.length; at++)
      expect(await written([bytes.subarray(0, at), bytes.subarray(at)])).toBe(expected);
  });
});

describe('the same rule in PostgreSQL', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await cloneDatabase();
  });
  afterAll(() => database.drop());

  const special = fc.constantFrom('=', '+', '-', '@', ';', '"', "'", '\n', '\r', '\t', ',', '\\', 'я', '1');
  const cells = fc.sample(
    fc.string({ unit: fc.oneof(special, fc.string({ unit: 'binary', maxLength: 1 })), maxLength: 12 }),
    2000,
  );
  // PostgreSQL's text holds neither NUL nor half of a pair.
  const holdable = cells.filter((cell) => !cell.includes('\0') && Buffer.from(cell).toString() === cell);

  test('guards the cells that COPY then quotes', async () => {
    const rows: { cell: string | null }[] = await database.dataSource.query(
      `select ${guardedSql('cell')} as cell from unnest($1::text[]) with ordinality as t (cell, n) order by n`,
      [holdable],
    );
    expect(rows.map(({ cell }) => cell ?? '')).toEqual(
      holdable.map((cell) => (/^[-=+@\t\r]/.test(cell) ? `'${cell}` : cell)),
    );
  });
});
