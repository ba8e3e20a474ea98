import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { styledRuns } from './whatsapp-format.ts';

const told = (text: string) =>
  styledRuns(text).map(({ from, to, styles }) => {
    const run = text.slice(from, to);
    return styles.length > 0 ? `${styles.join('+')}:${run}` : run;
  });

test.each<[string, string[]]>([
  ['Hello', ['Hello']],
  ['*Hello*', ['bold:Hello']],
  ['Hi, *Anna*!', ['Hi, ', 'bold:Anna', '!']],
  ['_a_ ~b~ `c`', ['italic:a', ' ', 'struck:b', ' ', 'code:c']],
  ['*bold _and italic_*', ['bold:bold ', 'bold+italic:and italic']],
  ['```two\nlines```', ['code:two\nlines']],
  ['`*as it is*`', ['code:*as it is*']],
  // Not marks: with a space inside, in the middle of a word, over two lines, alone.
  ['2 * 3 * 4', ['2 * 3 * 4']],
  ['* a*', ['* a*']],
  ['snake_case_name', ['snake_case_name']],
  ['5*6*7', ['5*6*7']],
  ['*a\nb*', ['*a\nb*']],
  ['*', ['*']],
  ['**', ['**']],
  ['*скидка*: 50 %', ['bold:скидка', ': 50 %']],
  ['', []],
])('%j', (text, runs) => expect(told(text)).toEqual(runs));

test('runs are in order, do not overlap, and leave out nothing but marks', () => {
  const text = fc
    .array(fc.constantFrom('*', '_', '~', '`', '```', ' ', '\n', 'a', 'ы', '!'))
    .map((all) => all.join(''));
  fc.assert(
    fc.property(text, (typed) => {
      let end = 0;
      let left = '';
      for (const { from, to } of styledRuns(typed)) {
        expect(from).toBeGreaterThanOrEqual(end);
        expect(to).toBeGreaterThan(from);
        left += typed.slice(end, from);
        end = to;
      }
      expect(left + typed.slice(end)).toMatch(/^[*_~`]*$/);
    }),
  );
});
