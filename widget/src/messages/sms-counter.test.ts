import { expect, test } from '@jest/globals';
import { countText, fitsFiveSms } from './sms-counter.ts';

test.each([
  ['я'.repeat(70), 'ucs2', 70, 1],
  ['я'.repeat(71), 'ucs2', 71, 2],
  ['я'.repeat(335), 'ucs2', 335, 5],
  ['a'.repeat(160), 'gsm', 160, 1],
  ['a'.repeat(161), 'gsm', 161, 2],
  ['a'.repeat(765), 'gsm', 765, 5],
])('the limits of the manual (%#)', (text, encoding, units, segments) => {
  expect(countText(text)).toMatchObject({ encoding, units, segments });
  expect(fitsFiveSms(text)).toBe(true);
});

test('one character more than five messages hold is too long', () => {
  expect([fitsFiveSms('я'.repeat(336)), fitsFiveSms('a'.repeat(766))]).toEqual([false, false]);
});

test('neither the name nor the value of a variable is counted', () => {
  expect(countText('Hi {{Имя|друг}}!')).toMatchObject({ encoding: 'gsm', units: 4, variables: 1 });
});

test('a few odd characters are named, a Cyrillic text is just Cyrillic', () => {
  expect(countText('Hello “friend”')).toMatchObject({ cause: 'characters', forcing: ['“', '”'] });
  expect(countText('Sale с')).toMatchObject({ cause: 'characters', forcing: ['с'] });
  expect(countText('Здравствуйте')).toMatchObject({ cause: 'cyrillic' });
  expect(countText('Hello')).toMatchObject({ cause: null });
});
