import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { PROBLEMS } from '../../../../contract/problems.ts';
import { LISTS, NOT_CSV } from '../../../test/lists-corpus.ts';
import { PROJECT_ROOT } from '../../project-root.ts';
import { previewList } from './preview-list.ts';
import { readList, type ReadRow } from './read-list.ts';

/** Files as spreadsheets, CRMs and people make them, each with what has to come of it for SMS, row by row. */
const FOLDER = join(PROJECT_ROOT, 'backend/test/lists-corpus');

const bytesOf = (file: string) => readFileSync(join(FOLDER, file));

test('every file of the folder is in a table', () => {
  expect([...LISTS, ...NOT_CSV].map(([file]) => file).sort()).toEqual(readdirSync(FOLDER).sort());
});

describe.each(LISTS)('%s', (file, expected, rows) => {
  test('is read as it should be, and adds up', () => {
    const read: ReadRow[] = [];
    const facts = readList(bytesOf(file), { method: 'sms' }, (batch) => read.push(...batch));
    expect(facts).toMatchObject(expected);
    expect(read.map(({ phone, refusal }) => phone ?? refusal)).toEqual(rows);
    expect(facts.rows).toBe(rows.length);
    expect(facts.contacts).toBe(new Set(rows.filter((each) => each.startsWith('+'))).size);
    expect(facts.rows).toBe(facts.contacts + facts.duplicates + facts.refused);
  });

  test('is previewed as it is read, and again with what the preview has told', () => {
    const shown = previewList(bytesOf(file), true, {});
    const { encoding, separator, header, phoneColumn } = expected;
    expect(shown.reading).toEqual({ encoding, separator, header, phoneColumn });
    expect(previewList(bytesOf(file), true, { encoding, separator, header, phoneColumn })).toEqual(shown);
  });
});

test.each(NOT_CSV)('%s is no CSV but %s, and the answer says how to make one', (file, kind) => {
  const read = () => readList(bytesOf(file), { method: 'sms' }, () => undefined);
  expect(read).toThrow(expect.objectContaining({ code: 'file_not_csv', params: { kind } }));
  expect(PROBLEMS.file_not_csv.ru).toContain('Сохранить как');
});
