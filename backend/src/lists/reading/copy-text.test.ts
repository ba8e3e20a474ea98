import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CopyText, copyLine } from './copy-text.ts';
import type { ReadRow } from './read-list.ts';

/** PostgreSQL's reading of COPY text, "File Formats: Text Format", for one line: fields, null for \N. */
function readCopyLine(line: string): (string | null)[] {
  expect(line.endsWith('\n')).toBe(true);
  expect(line.slice(0, -1)).not.toMatch(/[\r\n\0]/);
  const letters: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' };
  return line
    .slice(0, -1)
    .split('\t')
    .map((field) => (field === '\\N' ? null : field.replace(/\\(.)/gs, (_, each) => letters[each] ?? each)));
}

/** PostgreSQL's reading of an array literal ("Array Input and Output Syntax") whose elements are all quoted. */
function readArray(literal: string): string[] {
  const elements: string[] = [];
  let at = 1;
  expect(literal[0]).toBe('{');
  while (literal[at] === '"') {
    let element = '';
    for (at += 1; literal[at] !== '"'; at++) {
      if (literal[at] === '\\') at += 1;
      element += literal[at];
    }
    elements.push(element);
    at += 1;
    if (literal[at] === ',') at += 1;
  }
  expect(literal.slice(at)).toBe('}');
  return elements;
}

const cell = fc.oneof(
  fc.string({
    unit: fc.constantFrom('\\', '"', '\t', '\n', '\r', ',', '{', '}', 'N', 'я', ' ', '.'),
    maxLength: 12,
  }),
  fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
);
const readRow: fc.Arbitrary<ReadRow> = fc.record({
  row: fc.integer({ min: 1, max: 10_000_000 }),
  cells: fc.array(cell, { minLength: 1, maxLength: 6 }),
  phone: fc.constantFrom('+79123456789', null),
  refusal: fc.constantFrom('landline' as const, null),
  repeated: fc.boolean(),
});

test('a row comes back from COPY as it was', () => {
  fc.assert(
    fc.property(readRow, (row) => {
      const [rowNo, phone, refusal, repeated, cells] = readCopyLine(copyLine(row));
      const back = {
        row: Number(rowNo),
        phone,
        refusal,
        repeated: repeated === 't',
        cells: readArray(cells!),
      };
      expect(back).toEqual(row);
    }),
    { numRuns: 1000 },
  );
});

test('a line as PostgreSQL documents it', () => {
  const row: ReadRow = {
    row: 7,
    cells: ['a\\b', '"', '', 'NULL'],
    phone: null,
    refusal: 'length',
    repeated: false,
  };
  expect(copyLine(row)).toBe('7\t\\N\tlength\tf\t{"a\\\\\\\\b","\\\\"","","NULL"}\n');
});

test('chunks in their order are all the lines, each under its list', () => {
  const rows: ReadRow[] = Array.from({ length: 9000 }, (_, at) => ({
    row: at + 2,
    cells: ['8 912 345-67-89', 'Ёлкина "Мария"'.repeat(3)],
    phone: '+79123456789',
    refusal: null,
    repeated: at > 0,
  }));
  const chunks: Buffer[] = [];
  const copy = new CopyText({ accountId: 1, campaignId: 2, listId: 3 }, (chunk) => chunks.push(chunk));
  copy.add(rows.slice(0, 5000));
  copy.add(rows.slice(5000));
  copy.end();
  expect(chunks.length).toBeGreaterThan(2);
  expect(Buffer.concat(chunks).toString()).toBe(rows.map((row) => `1\t2\t3\t${copyLine(row)}`).join(''));
});
