import { afterEach, expect, test } from '@jest/globals';
import { PROBLEMS } from '../../../contract/problems.ts';
import { codeText } from './errors.ts';
import { en as common } from './en.ts';
import { setLanguage, t, type Message } from './index.ts';
import { REPORT_WORDS } from '../reports/words.ts';
import { ru as shared } from './ru.ts';

const en = { ...common, ...REPORT_WORDS.en };
const ru = { ...shared, ...REPORT_WORDS.ru };

afterEach(() => setLanguage('en'));

const words = (message: Message) => (typeof message === 'string' ? [message] : Object.values(message));
const names = (text: string) => [...text.matchAll(/(?<!\{)\{(\w+)\}(?!\})/g)].map((match) => match[1]).sort();

test('both languages have the same messages, none empty', () => {
  expect(Object.keys(shared)).toEqual(Object.keys(common));
  expect(Object.keys(REPORT_WORDS.ru)).toEqual(Object.keys(REPORT_WORDS.en));
  for (const message of [...Object.values(en), ...Object.values(ru)] as Message[]) {
    for (const text of words(message)) expect(text.trim()).not.toBe('');
  }
});

test('both languages fill the same parameters', () => {
  const all = en as Record<string, Message>;
  for (const [key, message] of Object.entries(ru)) {
    const expected = names(words(all[key]!)[0]!);
    for (const text of words(message)) expect([key, names(text)]).toEqual([key, expected]);
  }
});

test('Russian messages are written in Russian', () => {
  const allowed = new Set([
    'method.waba',
    'method.sms',
    'binding.variable',
    'sms.segments',
    'progress.finishNone',
    'campaigns.actionOf',
  ]);
  for (const [key, message] of Object.entries(ru)) {
    if (!allowed.has(key))
      expect([key, words(message).every((text) => /[а-я]/i.test(text))]).toEqual([key, true]);
  }
});

test('a Russian count takes its form', () => {
  setLanguage('ru-RU');
  const said = [1, 2, 5, 11, 21].map((count) => t('lengths.rows', { count, rows: String(count) }));
  expect(said).toEqual(['1 строка', '2 строки', '5 строк', '11 строк', '21 строка']);
});

test('an unknown locale reads English', () => {
  setLanguage('de-DE');
  expect(t('lengths.rows', { count: 1, rows: '1' })).toBe('1 row');
});

test('every problem has a sentence in the chosen language', () => {
  setLanguage('ru');
  for (const code of Object.keys(PROBLEMS)) expect(codeText(code)).toMatch(/[а-яё]/i);
});

test('controls and states inside a problem are named, not coded', () => {
  expect(codeText('control_not_allowed', { control: 'pause', state: 'draft' })).toContain('“Pause Campaign”');
});
