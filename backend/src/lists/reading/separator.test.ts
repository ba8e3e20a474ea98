import { expect, test } from '@jest/globals';
import { findSeparator } from './separator.ts';

const find = (text: string) => findSeparator(Buffer.from(text));

test.each([
  ['semicolons', 'Имя;Телефон\nИван;89123456789\n', ';'],
  ['commas', 'Name,Phone\nAnna,89123456789\n', ','],
  ['tabs', 'Имя\tТелефон\nИван\t89123456789\n', '\t'],
  [
    'decimal commas among semicolons',
    'Имя;Сумма;Телефон\nИ, И;1500,50;89123456789\nП, П;99,90;89031112233\n',
    ';',
  ],
  ['commas in cells among tabs', 'Имя\tАдрес\nИ\tМосква, Тверская, 1\nП\tУфа, Мира, 2\n', '\t'],
  ['semicolons in quotes among commas', 'Name,Note\nAnna,"a;b"\nOlga,"c;d;e"\n', ','],
  ['one column', 'Телефон\n89123456789\n89031112233\n', ';'],
  ['one column of Excel decimals', 'Телефон\n79123456789,00\n79031112233,00\n', ';'],
  ['one column of grouped thousands', 'Телефон\n"79,123,456,789"\n79,031,112,233\n', ';'],
  ['one column of exponents', 'Телефон\n7,91235E+10\n', ';'],
  ['one column with two numbers in a cell', 'Телефон\n89123456789, 89031112233\n89123456780\n', ';'],
  ['a stray quote in the header', 'Имя;Размер 5";Телефон\nИван;1;89123456789\n', ';'],
  ['one line without a line end', 'Иван;89123456789', ';'],
  ['carriage returns alone', 'Name,Phone\rAnna,89123456789\r', ','],
  ['nothing', '', ';'],
] as const)('%s', (_, text, separator) => {
  expect(find(text)).toEqual({ separator, skip: 0 });
});

test.each([
  ['sep=,\r\n1;2,3;4\r\n', ',', 7],
  ['sep=;\n1,2\n', ';', 6],
  ['"sep=\t"\n1,2\n', '\t', 8],
  ['SEP=,', ',', 5],
  ['sep=|\nИмя;Телефон\n', ';', 6],
] as const)('the line of %j decides, and is skipped', (text, separator, skip) => {
  expect(find(text)).toEqual({ separator, skip });
});

test('quoted cells of several lines do not hide the separator', () => {
  const row = 'Иван;"Москва,\nТверская, 1,\nкв. 2";89123456789\n';
  expect(find(`Имя;Адрес;Телефон\n${row.repeat(30)}`).separator).toBe(';');
});
