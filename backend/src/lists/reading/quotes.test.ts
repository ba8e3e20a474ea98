import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cutIntoSlices } from './quotes.ts';
import { readRecords } from './records.ts';

const records = (text: string) => [...readRecords(Buffer.from(text), ';')].flat();

describe('records', () => {
  test.each([
    [
      'quoted line breaks and separators',
      'a;"b\r\nc;d"\r\ne;f',
      [
        ['a', 'b\r\nc;d'],
        ['e', 'f'],
      ],
    ],
    ['doubled quotes', '"a ""b""";c\n', [['a "b"', 'c']]],
    ['quotes inside an unquoted cell', 'ООО "Ромашка";1\n', [['ООО "Ромашка"', '1']]],
    [
      'quotes not doubled inside a quoted cell',
      '"ООО "Ромашка"";1\nx;2\n',
      [
        ['"ООО "Ромашка""', '1'],
        ['x', '2'],
      ],
    ],
    [
      'a quote nobody closed',
      '"a;1\nb;2\nc;3\n',
      [
        ['"a', '1'],
        ['b', '2'],
        ['c', '3'],
      ],
    ],
    [
      'a quote nobody closed before a quoted row',
      '"a;1\n"b";2\n',
      [
        ['"a', '1'],
        ['b', '2'],
      ],
    ],
    [
      'an open quote in a row of two lines, which falls apart',
      '"a\nb";"c;1\nd',
      [['"a'], ['b"', '"c', '1'], ['d']],
    ],
    [
      'CR alone',
      'a;1\rb;2\r',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['line ends of every kind', 'a\r\nb\nc\rd', [['a'], ['b'], ['c'], ['d']]],
    ['empty rows, which count', 'a\n\nb\n', [['a'], [''], ['b']]],
    ['nothing', '', []],
  ])('%s', (_, text, expected) => expect(records(text)).toEqual(expected));

  test('a quote open over more than 50 lines spoils its own line only', () => {
    const lines = (count: number) => Array.from({ length: count }, (_, at) => `${at};x`).join('\n');
    expect(records(`"a;1\n${lines(49)}";z\n`)).toHaveLength(1);
    expect(records(`"a;1\n${lines(51)}";z\n`)).toHaveLength(52);
  });

  test('a file that never closes its quotes is still read to the end', () => {
    const text = Array.from({ length: 5000 }, (_, at) => `"${at};x`).join('\n');
    expect(records(text)).toHaveLength(5000);
  });

  test('well-formed files come back as they were written, however they are sliced', () => {
    const cell = fc.oneof(
      fc.stringMatching(/^[a-z;"\r\n]{0,12}$/),
      fc.constant('x'.repeat(30_000)),
      fc.constant('y'.repeat(60_000) + '\r\n'),
    );
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 5 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(table, fc.constantFrom('\r\n', '\n', '\r'), (rows, end) => {
        const text = rows
          .map((row) => row.map((each) => `"${each.replaceAll('"', '""')}"`).join(';'))
          .join(end);
        expect(records(text)).toEqual(rows);
      }),
      { numRuns: 60 },
    );
  });

  test('slices put together are the text, and any text can be parsed', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a";\r\n]{0,80}$/), (text) => {
        const bytes = Buffer.from(text);
        expect(Buffer.concat([...cutIntoSlices(bytes, ';')].map((slice) => slice.bytes)).equals(bytes)).toBe(
          true,
        );
        expect(() => records(text)).not.toThrow();
      }),
      { numRuns: 2000 },
    );
  });

  test('long texts are cut, with quotes and without', () => {
    const row = `${'x'.repeat(98)};`;
    for (const line of [row, `"${row}"`]) {
      const slices = [...cutIntoSlices(Buffer.from(`${line}\r\n`.repeat(20_000)), ';')];
      expect(slices.length).toBeGreaterThan(5);
      expect(Math.max(...slices.map((slice) => slice.bytes.length))).toBeLessThan(300_000);
    }
  });
});
