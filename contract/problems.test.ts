import { describe, expect, test } from '@jest/globals';
import { REFUSAL_TEXTS, REFUSALS } from './list.ts';
import { isProblemCode, problemText, PROBLEMS, type ProblemCode } from './problems.ts';

const CODES = Object.keys(PROBLEMS) as ProblemCode[];
const placeholders = (sentence: string) => (sentence.match(/\{\w+\}/g) ?? []).sort();

describe.each(CODES)('%s', (code) => {
  const { status, en, ru } = PROBLEMS[code];

  test('has the status of an error', () => {
    expect([400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 502, 503, 507]).toContain(status);
  });

  test('has a sentence in each language, with the same placeholders', () => {
    expect(en).toMatch(/^[^а-яё]{10,}$/i);
    expect(ru).toMatch(/[а-яё]{2}/i);
    expect(placeholders(ru)).toEqual(placeholders(en));
  });
});

test.each([...REFUSALS])('a refused row says why in both languages: %s', (refusal) => {
  const { en, ru } = REFUSAL_TEXTS[refusal];
  expect(en).toMatch(/^[^а-яё]{10,}$/i);
  expect(ru).toMatch(/[а-яё]{2}/i);
});

test('parameters are filled in, and a missing one stays visible', () => {
  expect(problemText('column_unknown', 'en', { column: 'Имя $&' })).toContain('“Имя $&”');
  expect(problemText('no_valid_rows', 'ru', { rows: 0 })).toContain('из 0 строк');
  expect(problemText('no_valid_rows', 'ru')).toContain('{rows}');
});

test('what is no code gets the general sentence', () => {
  expect(['toString', '__proto__', '', 'nonsense'].map(isProblemCode)).toEqual([false, false, false, false]);
  expect(problemText('toString', 'en')).toBe(PROBLEMS.invalid.en);
});
