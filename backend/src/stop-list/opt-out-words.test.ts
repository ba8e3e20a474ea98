import { expect, test } from '@jest/globals';
import { isOptOut } from './opt-out-words.ts';

test.each([
  'СТОП',
  'стоп',
  ' Стоп! ',
  '«Стоп»',
  'STOP',
  'Stop.',
  'отписаться',
  'ОТПИШИТЕ МЕНЯ',
  'unsubscribe',
])('%j asks to stop', (text) => expect(isOptOut(text)).toBe(true));

test.each(['', 'Да', "please don't stop", 'стопка', 'не стоп', 'Автобус стоп на углу'])(
  '%j does not',
  (text) => expect(isOptOut(text)).toBe(false),
);
