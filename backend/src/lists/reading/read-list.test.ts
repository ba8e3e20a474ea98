import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ENCODINGS, type Encoding, type ReadingOptions } from '../../../../contract/list.ts';
import { encode } from '../../../test/encode.ts';
import { readList, type ListFacts, type ReadRow } from './read-list.ts';

function read(
  text: string | Uint8Array,
  method: 'waba' | 'sms' = 'sms',
  reading: ReadingOptions = {},
): ListFacts & { read: ReadRow[] } {
  const rows: ReadRow[] = [];
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  const facts = readList(bytes, { method, reading }, (batch) => rows.push(...batch));
  return { ...facts, read: rows };
}

function problemOf(text: string, reading: ReadingOptions = {}): unknown {
  try {
    return read(text, 'sms', reading);
  } catch (error) {
    const { name, code, params } = error as { name: string; code: string; params: object };
    return { name, code, params };
  }
}

describe('a list', () => {
  test('becomes rows with phones, refusals and repeats', () => {
    const list = read(
      '\uFEFFИмя;Телефон;;\r\nПётр;8 (912) 345-67-89;;\r\nИван;нет\r\n;;;\r\n\r\nПётр 2;+79123456789;x;;;\r\n',
    );
    expect(list).toEqual({
      encoding: 'utf-8',
      separator: ';',
      header: true,
      columns: ['Имя', 'Телефон', 'Столбец 3'],
      emptyCells: [0, 0, 2],
      phoneColumn: 1,
      rows: 3,
      contacts: 1,
      duplicates: 1,
      refused: 1,
      refusedBy: { no_number: 1 },
      repairedBy: { trunk_eight: 1 },
      refusedRows: [{ row: 3, original: 'нет', reason: 'no_number' }],
      read: [
        {
          row: 2,
          cells: ['Пётр', '8 (912) 345-67-89', ''],
          phone: '+79123456789',
          refusal: null,
          repeated: false,
        },
        { row: 3, cells: ['Иван', 'нет', ''], phone: null, refusal: 'no_number', repeated: false },
        {
          row: 6,
          cells: ['Пётр 2', '+79123456789', 'x'],
          phone: '+79123456789',
          refusal: null,
          repeated: true,
        },
      ],
    });
  });

  test('a landline is refused for SMS and taken for WhatsApp', () => {
    const text = 'Телефон\n84951234567\n89123456789\n';
    expect(read(text, 'sms')).toMatchObject({ contacts: 1, refusedBy: { landline: 1 } });
    expect(read(text, 'waba')).toMatchObject({ contacts: 2, refused: 0 });
    expect(read(text, 'waba').read[0]!.phone).toBe('+74951234567');
  });

  test('the apostrophe that keeps our own exports from running as formulas is taken off', () => {
    expect(read("Телефон;Сумма\n'+79123456789;'-5\n").read[0]!.cells).toEqual(['+79123456789', '-5']);
    expect(read("Телефон;Имя\n+79123456789;'t Hart\n").read[0]!.cells[1]).toBe("'t Hart");
  });

  test('a sep= line is not a row', () => {
    const list = read('sep=,\r\nphone,name\r\n79123456789,Peter\r\n');
    expect(list).toMatchObject({ separator: ',', columns: ['phone', 'name'], rows: 1 });
    expect(list.read[0]!.row).toBe(2);
  });

  test('without header the columns are numbered and the first row is data', () => {
    expect(read('Пётр;89123456789\nИван;89123456780\n')).toMatchObject({
      columns: ['Столбец 1', 'Телефон'],
      rows: 2,
      contacts: 2,
    });
  });

  test('one column of numbers with decimals is not split', () => {
    expect(read('79123456789,00\n79123456780,00\n')).toMatchObject({ columns: ['Телефон'], contacts: 2 });
  });

  test('a quoted line break stays in its cell and one row is one record', () => {
    const list = read('Телефон;Имя\n89123456789;"Пётр\nИванов"\n89123456780;x\n');
    expect(list.read.map(({ row, cells }) => [row, cells[1]])).toEqual([
      [2, 'Пётр\nИванов'],
      [3, 'x'],
    ]);
  });

  test('an open quote costs no other row', () => {
    const list = read('Телефон;Имя\n89123456789;"Пётр\n89123456780;Иван\n89123456781;"Анна"\n');
    expect(list).toMatchObject({ rows: 3, contacts: 3 });
  });

  test('the first twenty refused rows are kept, their cells cut to 100 characters', () => {
    const wrong = Array.from({ length: 30 }, (_, at) => `${'нет '.repeat(at * 10 + 1).trim()};x`).join('\n');
    const { refused, refusedRows } = read(`Телефон;Имя\n89123456789;x\n${wrong}\n`);
    expect(refused).toBe(30);
    expect(refusedRows).toHaveLength(20);
    expect(refusedRows[0]).toEqual({ row: 3, original: 'нет', reason: 'no_number' });
    expect(Math.max(...refusedRows.map(({ original }) => original.length))).toBe(100);
  });

  test('a cell has at most 10,000 characters and is not cut within a pair', () => {
    const long = `${'x'.repeat(9999)}😜y`;
    expect(read(`Телефон;Имя\n89123456789;${long}\n`).read[0]!.cells[1]).toBe('x'.repeat(9999));
  });

  test.each([
    ['', 'file_empty', {}],
    ['\uFEFF', 'file_empty', {}],
    ['\r\n;;;\r\n', 'file_empty', {}],
    ['Телефон;Имя\r\n', 'file_empty', {}],
    ['%PDF-1.4', 'file_not_csv', { kind: 'pdf' }],
    ['Имя;Город\nПётр;Москва\n', 'phone_column_missing', {}],
    ['Телефон;Имя\nнет;Пётр\n84951234567;Иван\n', 'no_valid_rows', { rows: 2 }],
  ])('%j is a problem: %s', (text, code, params) => {
    expect(problemOf(text)).toEqual({ name: 'ListProblem', code, params });
  });

  test('what was undone is counted by kind, for the numbers that were taken', () => {
    const cells = ['89123456789', "'+79123456780", '7,9123456781E+10', '7,91235E+10', '84951234567'];
    const { repairedBy } = read(`Телефон;Имя\n${cells.map((each) => `${each};x`).join('\n')}\n`);
    expect(repairedBy).toEqual({ trunk_eight: 1, wrapper: 1, exponent: 1, plus: 1 });
  });

  test('empty cells are counted in every column, rows that are too short among them', () => {
    const list = read('Телефон;Имя;Город\n89123456789;;Уфа\n89123456780; \n89123456781\n;Пётр;\n');
    expect(list.emptyCells).toEqual([1, 3, 3]);
    expect(list.read.map(({ cells }) => cells.length)).toEqual([3, 3, 3, 3]);
  });

  test('a cell of a megabyte, in quotes or not, leaves its row and the others whole', () => {
    const long = 'Очень; длинно! '.repeat(40_000);
    const bare = long.replaceAll(';', ',');
    const list = read(`Имя;Телефон\n"${long}";89123456789\n${bare};89123456780\nИван;89123456781\n`);
    expect(list).toMatchObject({ rows: 3, contacts: 3 });
    expect(list.read.map(({ cells }) => cells[0]!.length)).toEqual([10_000, 10_000, 4]);
  });

  test('a phone cell of a megabyte is refused, shown cut', () => {
    const list = read(`Телефон;Имя\n${'8,'.repeat(500_000)};x\n89123456789;y\n`);
    expect(list).toMatchObject({ contacts: 1, refusedBy: { too_long: 1 } });
    expect(list.refusedRows[0]!.original).toHaveLength(100);
  });

  test('a wide header over narrow rows does not blow up memory', () => {
    const header = `Телефон${';x'.repeat(900)}`;
    expect(problemOf(`${header}\n${'89123456789\n'.repeat(30_000)}`)).toMatchObject({
      code: 'file_unreadable',
    });
    expect(problemOf(`Телефон${';x'.repeat(2000)}\n89123456789\n`)).toMatchObject({
      code: 'file_unreadable',
    });
  });
});

describe('what a person has said of the file', () => {
  const text = 'Телефон;Рабочий\n89123456789;89123456780\n89123456781;\n';

  test.each<[ReadingOptions, object]>([
    [{}, { phoneColumn: 0, header: true, rows: 2, contacts: 2 }],
    [{ phoneColumn: 1 }, { phoneColumn: 1, header: true, rows: 2, contacts: 1, refusedBy: { empty: 1 } }],
    [{ header: false }, { phoneColumn: 0, header: false, rows: 3, refusedBy: { no_number: 1 } }],
    [
      { header: false, phoneColumn: 0 },
      { columns: ['Телефон', 'Столбец 2'], rows: 3, contacts: 2 },
    ],
  ])('%j', (reading, expected) => {
    expect(read(text, 'sms', reading)).toMatchObject(expected);
  });

  test('a first row of numbers can be said to be the header', () => {
    const list = read('89123456789\n89123456780\n', 'sms', { header: true });
    expect(list).toMatchObject({ columns: ['89123456789'], rows: 1, contacts: 1 });
  });

  test('a separator that the guess would not take', () => {
    const commas = '89123456789,5;x\n89123456780,6;y\n';
    expect(read(commas, 'sms', { separator: ',' })).toMatchObject({ separator: ',', contacts: 2 });
    expect(read(`sep=;\n${commas}`, 'sms', { separator: ',' }).read[0]!.cells).toEqual([
      '89123456789',
      '5;x',
    ]);
  });

  test('a phone column that there is not is named, counted from one', () => {
    expect(problemOf(text, { phoneColumn: 2 })).toMatchObject({
      code: 'phone_column_unknown',
      params: { column: 3 },
    });
  });
});

describe('a generated list', () => {
  const phone = fc.integer({ min: 9_100_000_000, max: 9_100_000_060 }).map(String);
  const spelling = fc.constantFrom<(n: string) => string>(
    (n) => `+7${n}`,
    (n) => `8${n}`,
    (n) => `8 (${n.slice(0, 3)}) ${n.slice(3, 6)}-${n.slice(6)}`,
  );
  const good = fc.tuple(phone, spelling).map(([number, spell]) => ({ number, cell: spell(number) }));
  const wrong = fc.constantFrom(
    '',
    'нет',
    '7,91235E+10',
    '84951234567',
    '89123456789/89031112233',
    '12.03.1990',
  );
  const word = fc.constantFrom('Пётр', 'Иванова Мария', 'ООО', 'Ромашка', 'Уфа', 'доставка', 'ёлка');
  const sign = fc.constantFrom(...'";,\t\r\n ');
  const name = fc.array(fc.oneof(word, sign), { maxLength: 5 }).map((parts) => parts.join(''));
  /** Rarer encodings are told from enough letters only; here they are said. */
  const said = (encoding: Encoding): ReadingOptions =>
    encoding === 'koi8-r' || encoding === 'ibm866' ? { encoding } : {};
  const row = fc.tuple(
    fc.oneof(
      { weight: 4, arbitrary: good },
      wrong.map((cell) => ({ number: null, cell })),
    ),
    name,
  );

  test('is accounted for row by row, in every encoding and with every separator', () => {
    fc.assert(
      fc.property(
        fc.array(row, { minLength: 1, maxLength: 40 }),
        good,
        fc.constantFrom(...ENCODINGS),
        fc.constantFrom(';', ',', '\t'),
        fc.constantFrom('\r\n', '\n', '\r'),
        (rows, first, encoding, separator, end) => {
          const all: typeof rows = [[first, 'Пётр'], ...rows];
          const line = (cells: string[]) => cells.map(quote).join(separator);
          const lines = [
            ['Телефон', 'Имя', 'id'],
            ...all.map(([{ cell }, text], at) => [cell, text, `k${at}`]),
          ].map(line);
          const bytes = encode(lines.join(end), encoding, encoding.startsWith('utf-16'));
          const list = read(bytes, 'sms', said(encoding));
          const numbers = all.map(([{ number }]) => number).filter((number) => number !== null);
          expect(list).toMatchObject({
            encoding,
            separator,
            columns: ['Телефон', 'Имя', 'id'],
            rows: all.length,
          });
          expect(list.contacts).toBe(new Set(numbers).size);
          expect(list.duplicates).toBe(numbers.length - list.contacts);
          expect(list.refused).toBe(all.length - numbers.length);
          expect(list.rows).toBe(list.contacts + list.duplicates + list.refused);
          expect(Object.values(list.refusedBy).reduce((sum, count) => sum + count, 0)).toBe(list.refused);
          expect(list.read.map(({ row, cells, phone }) => [row, cells[1], cells[2], phone])).toEqual(
            all.map(([{ number }, text], at) => [at + 2, text, `k${at}`, number && `+7${number}`]),
          );
        },
      ),
      { numRuns: 150 },
    );
  });

  const damagedCell = fc.constantFrom(
    '',
    ' ',
    '"',
    'ООО "Ромашка"',
    '"Пётр',
    'a\0b',
    '=1+1',
    'x'.repeat(300),
    '89123456789',
    '\u200b',
  );
  const damagedRow = fc.tuple(
    fc.oneof(
      good,
      wrong.map((cell) => ({ number: null, cell })),
    ),
    fc.array(damagedCell, { maxLength: 6 }),
    fc.constantFrom('', ';', ';;;;', '"'),
  );

  test('with ragged rows, stray quotes, NULs and long cells adds up, and no column miscounts its empty cells', () => {
    fc.assert(
      fc.property(
        fc.array(damagedRow, { maxLength: 40 }),
        fc.constantFrom(...ENCODINGS),
        fc.constantFrom('\r\n', '\n', '\r'),
        fc.boolean(),
        (rows, encoding, end, header) => {
          const lines = rows.map(([{ cell }, cells, tail]) => [cell, ...cells].join(';') + tail);
          const first = ['89101234567;Иванова Мария;доставка на дом', ''];
          const text = [...(header ? ['Телефон;Имя;Комментарий;Имя;;'] : []), ...first, ...lines].join(end);
          const bytes = encode(text, encoding, encoding.startsWith('utf-16'));
          const list = read(bytes, 'sms', { phoneColumn: 0, ...said(encoding) });
          expect(list.rows).toBe(list.contacts + list.duplicates + list.refused);
          expect(list.read).toHaveLength(list.rows);
          expect(list.read.filter(({ repeated }) => repeated)).toHaveLength(list.duplicates);
          expect(list.read.filter(({ refusal }) => refusal !== null)).toHaveLength(list.refused);
          expect(Object.values(list.refusedBy).reduce((sum, count) => sum + count, 0)).toBe(list.refused);
          expect(list.emptyCells).toEqual(
            list.columns.map((_, at) => list.read.filter(({ cells }) => cells[at]!.trim() === '').length),
          );
        },
      ),
      { numRuns: 300 },
    );
  });

  test('of any bytes gives rows that add up, or a problem', () => {
    const text = fc.stringMatching(/^[a-я0-9";,\t\r\n +()-]{0,300}$/).map((each) => Buffer.from(each));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), text), (bytes) => {
        try {
          const list = read(bytes);
          expect(list.rows).toBe(list.contacts + list.duplicates + list.refused);
          expect(list.read).toHaveLength(list.rows);
          expect(list.read.every(({ cells }) => cells.length === list.columns.length)).toBe(true);
          expect(list.read.every(({ phone, refusal }) => (phone === null) === (refusal !== null))).toBe(true);
        } catch (error) {
          expect((error as Error).name).toBe('ListProblem');
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function quote(cell: string): string {
  return /[";,\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
