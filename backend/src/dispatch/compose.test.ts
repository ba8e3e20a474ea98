import { describe, expect, test } from '@jest/globals';
import type { Template } from '../../../contract/channel.ts';
import { cellFinder } from '../../../contract/cells.ts';
import { compose, composerOf, type RunContent } from './compose.ts';

const template: Template = {
  id: 't',
  name: 'order',
  locale: 'ru',
  category: 'UTILITY',
  status: 'approved',
  header: { format: 'text', text: 'Заказ {{1}}' },
  body: 'Здравствуйте, {{name}}! Сумма {{sum}}.',
  footer: 'Ромашка',
  buttons: [],
  variables: [
    { key: 'header.1', part: 'header', name: '1' },
    { key: 'body.name', part: 'body', name: 'name' },
    { key: 'body.sum', part: 'body', name: 'sum' },
  ],
  version: 1,
};

const run = (change: Partial<RunContent>): RunContent => ({
  name: 'n',
  method: 'sms',
  channelId: 'c',
  text: '',
  template: null,
  bindings: {},
  removeDuplicates: true,
  ...change,
});
const cell = cellFinder(['Телефон', 'Имя ', 'Заказ', 'Имя'])(['+7', ' Иван ', '', 'второй']);

describe('an SMS', () => {
  test.each([
    ['Привет, {{имя}}!', 'Привет, Иван!', 1, null],
    ['Заказ {{Заказ|без номера}}', 'Заказ без номера', 1, null],
    ['{{Заказ}}', '', 0, 'empty_variable'],
    ['я'.repeat(335), 'я'.repeat(335), 5, null],
    ['я'.repeat(336), 'я'.repeat(336), 6, 'sms_too_long'],
    ['a\r\nb', 'a\nb', 1, null],
  ])('%j', (text, expected, segments, problem) => {
    expect(compose(run({ text }), cell)).toMatchObject({ text: expected, segments, problem });
  });

  test('tells which variables were empty', () => {
    expect(compose(run({ text: 'x{{Заказ}}{{Нет такого}}' }), cell).empty).toEqual(['Заказ', 'Нет такого']);
  });
});

test('one composer and one finder make every row its own message', () => {
  const finder = cellFinder(['Телефон', 'Имя']);
  const composer = composerOf(run({ text: '{{имя|друг}}, {{ИМЯ}}{{Нет}}' }));
  const rows = [['+7', 'Иван'], ['+7', ''], ['+7'], ['+7', 'Пётр', 'лишнее']];
  expect(rows.map((cells) => composer(finder(cells)).text)).toEqual([
    'Иван, Иван',
    'друг, ',
    'друг, ',
    'Пётр, Пётр',
  ]);
});

describe('a template', () => {
  const bindings: RunContent['bindings'] = {
    'header.1': { kind: 'column', column: 'Заказ', fallback: '—' },
    'body.name': { kind: 'column', column: 'Имя', fallback: '' },
    'body.sum': { kind: 'text', text: '100 ₽' },
  };

  test('fills columns, fallbacks and fixed texts', () => {
    const composed = compose(run({ method: 'waba', template, bindings }), cell);
    expect(composed.content).toMatchObject({
      variables: { 'header.1': '—', 'body.name': 'Иван', 'body.sum': '100 ₽' },
    });
    expect(composed.text).toBe('Заказ —\nЗдравствуйте, Иван! Сумма 100 ₽.\nРомашка');
    expect(composed.problem).toBeNull();
  });

  test('is not sent with an empty variable', () => {
    const empty = { ...bindings, 'header.1': { kind: 'column', column: 'Заказ', fallback: ' ' } as const };
    expect(compose(run({ method: 'waba', template, bindings: empty }), cell)).toMatchObject({
      problem: 'empty_variable',
      empty: ['header.1'],
    });
  });

  test('has no line breaks in its variables, which WhatsApp refuses', () => {
    const lines = cellFinder(['Имя', 'Заказ'])(['a\n\tb', '1']);
    const composed = compose(run({ method: 'waba', template, bindings }), lines);
    expect(composed.content).toMatchObject({ variables: { 'body.name': 'a b' } });
  });
});
