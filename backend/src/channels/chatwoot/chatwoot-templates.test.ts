import { expect, test } from '@jest/globals';
import { REMINDER } from '../../../test/chatwoot/fixtures.ts';
import { templateOf, templateParams } from './chatwoot-templates.ts';

const template = templateOf(REMINDER)!;
const values = {
  'header.1': '12 мая',
  'body.1': 'Анна',
  'body.2': '12:30',
  'button.1.1': '77',
};

test('a template is drawn as Meta lists it, with an example beside each variable', () => {
  expect(template).toMatchObject({
    id: 'visit_reminder:ru',
    locale: 'ru',
    category: 'UTILITY',
    status: 'approved',
    header: { format: 'text', text: 'Запись {{1}}' },
    body: '{{1}}, ждём вас в {{2}}.',
    footer: 'Клиника «Ромашка»',
    buttons: [
      { type: 'quick_reply', text: 'Приду' },
      { type: 'url', text: 'Перенести', url: 'https://romashka.example/v/{{1}}' },
    ],
  });
  expect(template.variables).toEqual([
    { key: 'body.1', part: 'body', name: '1', example: 'Анна' },
    { key: 'body.2', part: 'body', name: '2', example: '12:30' },
    { key: 'header.1', part: 'header', name: '1', example: '12 мая' },
    { key: 'button.1.1', part: 'button', name: '1', example: '77' },
  ]);
});

test('values go to the parts they are of, buttons by their place', () => {
  expect(templateParams(template, values)).toEqual({
    name: 'visit_reminder',
    category: 'UTILITY',
    language: 'ru',
    processed_params: {
      header: { 1: '12 мая' },
      body: { 1: 'Анна', 2: '12:30' },
      buttons: [{ type: 'quick_reply' }, { type: 'url', parameter: '77' }],
    },
  });
});

test('variables with names keep them and their examples', () => {
  const named = templateOf({
    ...REMINDER,
    parameter_format: 'NAMED',
    components: [
      {
        type: 'BODY',
        text: '{{first_name}}, до {{ day }}',
        example: {
          body_text_named_params: [
            { param_name: 'first_name', example: 'Анна' },
            { param_name: 'day', example: '12 мая' },
          ],
        },
      },
    ],
  })!;
  expect(named.variables.map(({ key, example }) => [key, example])).toEqual([
    ['body.first_name', 'Анна'],
    ['body.day', '12 мая'],
  ]);
  const params = templateParams(named, { 'body.first_name': 'Пётр', 'body.day': '1 июня' });
  expect(params?.processed_params).toEqual({ body: { first_name: 'Пётр', day: '1 июня' } });
});

test.each([
  ['an empty value', ''],
  ['blanks', ' \u00a0 '],
])('%s would move the next ones up: nothing is made of it', (_, blank) => {
  expect(templateParams(template, { ...values, 'body.1': blank })).toBeNull();
});

const [header, body] = REMINDER.components;
test.each<[string, object]>([
  ['a picture in the header', { components: [{ type: 'HEADER', format: 'IMAGE' }, body] }],
  [
    'a code to be copied',
    { components: [body, { type: 'BUTTONS', buttons: [{ type: 'COPY_CODE', text: 'x' }] }] },
  ],
  ['no body', { components: [header] }],
  ['codes for signing in', { category: 'AUTHENTICATION' }],
  ['a category nobody knows', { category: 'OTHER' }],
  ['names outside the body', { parameter_format: 'NAMED' }],
  ['no name', { name: null }],
])('%s: not offered', (_, changes) => {
  expect(templateOf({ ...REMINDER, ...changes })).toBeNull();
});

test.each([
  ['PENDING', 'pending'],
  ['rejected', 'rejected'],
  ['PAUSED', 'paused'],
  ['DISABLED', 'disabled'],
])('status %s is %s', (status, expected) => {
  expect(templateOf({ ...REMINDER, status })?.status).toBe(expected);
});
