import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Separator } from '../../../../contract/list.ts';
import { parseQuoted, splitPlain } from './records.ts';

test('a text without quotes is split as the parser splits it', () => {
  const unit = fc.constantFrom(
    ';',
    ',',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\0',
    ' ',
    '7',
    'я',
    '\u{1F600}',
    '\uFEFF',
    '\u2028',
  );
  const separators = fc.constantFrom<Separator>(';', ',', '\t');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 30 }), separators, (text, separator) => {
      expect(splitPlain(text, separator)).toEqual(parseQuoted(Buffer.from(text), separator));
    }),
    { numRuns: 5000 },
  );
});
