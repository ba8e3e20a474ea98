import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { columnKey, parseText, renderText, textVariables, strayBraces } from './sms-text.ts';

const text = (value: string) => ({ kind: 'text', text: value });
const variable = (column: string, fallback: string | null = null) => ({ kind: 'variable', column, fallback });

test.each([
  ['', []],
  ['Привет!', [text('Привет!')]],
  ['{{Имя}}', [variable('Имя')]],
  ['Привет, {{Имя}}!', [text('Привет, '), variable('Имя'), text('!')]],
  ['{{ Имя }}', [variable('Имя')]],
  ['{{Имя|друг}}', [variable('Имя', 'друг')]],
  ['{{Имя|}}', [variable('Имя', '')]],
  ['{{Имя| а или б}}', [variable('Имя', ' а или б')]],
  ['{{Имя|а|б}}', [variable('Имя', 'а|б')]],
  ['{{a}}{{b}}', [variable('a'), variable('b')]],
  ['{{{Имя}}}', [text('{'), variable('Имя'), text('}')]],
  ['{Имя} {{Имя', [text('{Имя} {{Имя')]],
  ['{{}} {{|x}}', [text('{{}} {{|x}}')]],
])('%j is parsed to its pieces', (source, pieces) => {
  expect(parseText(source)).toEqual(pieces);
});

test.each([
  ['Имя', ' имя '],
  ['Счёт', 'СЧЕТ'],
  ['Номер  заказа', 'номер\tзаказа'],
  ['Комментари\u0439', 'Комментари\u0438\u0306'],
  ['Сч\u0451т', 'Сч\u0435\u0308т'],
])('%j and %j name the same column', (one, other) => {
  expect(columnKey(one)).toBe(columnKey(other));
});

test('each variable is listed once, as first written', () => {
  expect(textVariables('{{Имя}} {{Сумма|0}} {{ИМЯ|друг}}')).toEqual(['Имя', 'Сумма']);
});

const row: Record<string, string> = { Имя: ' Иван ', Сумма: '', Пробел: '  ' };
const render = (source: string) => renderText(parseText(source), (column) => row[column]);

test.each([
  ['Привет, {{Имя}}!', 'Привет, Иван!', []],
  ['Сумма {{Сумма}}.', 'Сумма .', ['Сумма']],
  ['Сумма {{Сумма|0}}.', 'Сумма 0.', []],
  ['Сумма {{Сумма|}}.', 'Сумма .', []],
  ['{{Пробел|нет}}', 'нет', []],
  ['{{Нет такого}}', '', ['Нет такого']],
  ['{{Имя|друг}}', 'Иван', []],
])('%j is filled from the row', (source, rendered, empty) => {
  expect(render(source)).toEqual({ text: rendered, empty });
});

test('a cell that looks like a variable is not filled again', () => {
  expect(renderText(parseText('{{a}}'), () => '{{b}} $&').text).toBe('{{b}} $&');
});

test('property: what is not a variable comes through untouched', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}|$\\ aя\n'), maxLength: 40 }), (source) => {
      const pieces = parseText(source);
      const written = pieces.map((piece) => {
        if (piece.kind === 'text') return piece.text;
        return `{{${piece.column}${piece.fallback === null ? '' : `|${piece.fallback}`}}}`;
      });
      expect(written.join('').replace(/\s/g, '')).toBe(source.replace(/\s/g, ''));
    }),
    { numRuns: 1000 },
  );
});

test.each<[string, string[]]>([
  ['Здравствуйте, {{Имя}}! Скидка 20 % и 5%', []],
  ['{{Имя|друг}} {{Сумма}}', []],
  ['Вам {{Бонусы} бонусов', ['{{Бонусы}']],
  ['{Имя}, {{{Имя}}}', ['{Имя}', '{', '}']],
  ['%Имя%, код %CODE_1%', ['%Имя%']],
  ['} и {', ['}', '{']],
])('%s: what looks like a variable that was mistyped', (text, stray) => {
  expect(strayBraces(text)).toEqual(stray);
});
