import { describe, expect, test } from '@jest/globals';
import { findColumns } from './columns.ts';

const A = '89123456789';
const B = '+7 903 111-22-33';

describe('the phone column is the one named so', () => {
  test.each([
    'Телефон',
    'ТЕЛЕФОН',
    'тел.',
    'Тел',
    'Номер телефона',
    'Контактный телефон',
    'Телефон клиента',
    'Моб. тел.',
    'Мобильный',
    'Сотовый телефон',
    'phone',
    'Phone Number',
    'phone_number',
    'MSISDN',
    'WhatsApp',
    'Ватсап',
    ' «Телефон» ',
    'Номер',
    'Контакты',
  ])('%j', (name) => {
    const columns = findColumns([
      ['ИНН', name, 'Имя'],
      ['7707083893', A, 'Иван'],
      ['500100732259', B, 'Пётр'],
    ]);
    expect(columns).toMatchObject({ phone: 1, header: true });
  });

  test('a mobile one goes before another', () => {
    expect(
      findColumns([
        ['Телефон', 'Мобильный'],
        [A, B],
      ]).phone,
    ).toBe(1);
    expect(
      findColumns([
        ['Номер', 'Телефон'],
        [A, B],
      ]).phone,
    ).toBe(1);
  });

  test('one with numbers in it goes before an empty one of a better name', () => {
    expect(
      findColumns([
        ['Мобильный', 'Телефон'],
        ['', A],
        ['', B],
      ]).phone,
    ).toBe(1);
  });

  test('even when few of its cells are valid', () => {
    expect(
      findColumns([
        ['Имя', 'Телефон'],
        ['И', 'нет'],
        ['П', '123'],
        ['А', ''],
      ]).phone,
    ).toBe(1);
  });

  test('but «Номер» of orders is not a phone', () => {
    expect(
      findColumns([
        ['Номер', 'Кому'],
        ['1001', A],
        ['1002', B],
      ]).phone,
    ).toBe(1);
  });
});

describe('without such a name', () => {
  test('it is the one with the most valid numbers', () => {
    const rows = [
      ['Иван', A, ''],
      ['Пётр', B, A],
      ['Анна', A, ''],
    ];
    expect(findColumns(rows)).toEqual({
      names: ['Столбец 1', 'Телефон', 'Столбец 3'],
      phone: 1,
      header: false,
    });
  });

  test('at least half of whose cells are numbers', () => {
    expect(
      findColumns([
        ['Имя', 'Прочее'],
        ['И', A],
        ['П', 'a'],
        ['А', 'b'],
      ]).phone,
    ).toBeNull();
  });

  test('there is none', () => {
    expect(
      findColumns([
        ['Имя', 'ИНН'],
        ['Иван', '7707083893'],
      ]).phone,
    ).toBeNull();
    expect(findColumns([]).phone).toBeNull();
  });

  test.each([
    [[['Клиенты'], [A], [B]], true],
    [[['8912 нет'], [A], [B]], true],
    [[['8912345678'], [A], [B]], false],
    [[[A], [B]], false],
  ])('%j: whether the first row is a header', (rows, header) => {
    expect(findColumns(rows).header).toBe(header);
  });
});

describe('names', () => {
  const names = (header: string[], row: string[] = []) => findColumns([header, row]).names;

  test('are tidied, and those missing are made up', () => {
    expect(names([' Имя  клиента ', '', '{{x|y}}', 'Телефон'], ['И', 'a', 'b', A])).toEqual([
      'Имя клиента',
      'Столбец 2',
      '((x/y))',
      'Телефон',
    ]);
  });

  test('are each their own, whatever the case', () => {
    expect(names(['Телефон', 'Имя', 'имя', 'ИМЯ (2)', 'Имя'], [A])).toEqual([
      'Телефон',
      'Имя',
      'имя (2)',
      'ИМЯ (2) (2)',
      'Имя (3)',
    ]);
  });

  test('are cut at 100 characters', () => {
    expect(names(['Телефон', 'я'.repeat(300)], [A])[1]).toHaveLength(100);
  });

  test('end where neither the header nor any row has anything', () => {
    expect(names(['Телефон', '', '', ''], [A, '', ' ', ''])).toEqual(['Телефон']);
    expect(names(['Телефон', '', '', ''], [A, '', 'x', ''])).toEqual(['Телефон', 'Столбец 2', 'Столбец 3']);
  });
});
