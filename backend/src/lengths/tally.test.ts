import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Template } from '../../../contract/channel.ts';
import type { Binding } from '../../../contract/campaign.ts';
import { smsLength } from '../../../contract/sms-length.ts';
import { cellFinder } from '../../../contract/cells.ts';
import { compose, type RunContent } from '../dispatch/compose.ts';
import { placesIn, smsPlan, templatePlan, type MessagePlan } from './message-plan.ts';
import { scaledTo, Tally } from './tally.ts';

const COLUMNS = ['Телефон', 'Имя', 'Скидка', 'имя'];

/** Rows as SQL gives them: the plan's columns in its order, an empty text for what is not there. */
function valuesOf(plan: MessagePlan, columns: string[], cells: (string | undefined)[]): string[] {
  return placesIn(columns, plan).map((place) => (place === null ? '' : (cells[place] ?? '')));
}

function tallied(text: string, rows: string[][]) {
  const plan = smsPlan(text);
  const tally = new Tally(plan);
  rows.forEach((cells, i) => tally.add('main', i + 2, valuesOf(plan, COLUMNS, cells)));
  return tally.result();
}

const named = (...names: string[]) => names.map((name) => ['+7', name, '', 'не это']);

describe('the rows of an SMS', () => {
  test('are counted by their segments; six and none are not sent', () => {
    const names = [
      'a',
      'a'.repeat(160),
      'a'.repeat(161),
      'a'.repeat(765),
      'a'.repeat(766),
      ' ',
      'я'.repeat(335),
    ];
    expect(tallied('{{имя}}', named(...names))).toMatchObject({
      method: 'sms',
      exact: true,
      rows: 7,
      segments: { 1: 2, 2: 1, 5: 2 },
      tooLong: 1,
      blank: 1,
      ucs2: 1,
      unfilled: 1,
      unsendable: { main: 2, additional: 0 },
      empty: [{ variable: 'имя', fallback: false, rows: 1 }],
    });
  });

  test('name the characters that alone keep them from GSM, the costliest first', () => {
    const counted = tallied('Hi {{Имя}}', named('Jo', '№1', 'Zoë№', '“x”', '“y”', '”“', 'Иванов'));
    expect(counted.ucs2).toBe(6);
    expect(counted.forcing).toEqual([
      { characters: ['“', '”'], rows: 3 },
      { characters: ['№'], rows: 1 },
      { characters: ['ë', '№'], rows: 1 },
    ]);
  });

  test('name the five longest, the first of equal ones first', () => {
    const counted = tallied(
      '{{Имя}}',
      named('aa', 'aaaa', 'я', 'aaaa', 'a'.repeat(2000), 'a', 'aaa', 'я'.repeat(71)),
    );
    expect(
      counted.longest.map(({ row, segments, units, encoding }) => [row, segments, units, encoding]),
    ).toEqual([
      [6, 14, 2000, 'gsm'],
      [9, 2, 71, 'ucs2'],
      [3, 1, 4, 'gsm'],
      [5, 1, 4, 'gsm'],
      [8, 1, 3, 'gsm'],
    ]);
    expect(counted.longest[0]!.text).toHaveLength(1000);
  });

  test('tell a variable with a fallback from the same one without', () => {
    const counted = tallied('{{Имя}} {{Скидка|5 %}} {{ИМЯ|друг}} {{имя}} {{Город}}', named('', 'Иван'));
    expect(counted.empty).toEqual([
      { variable: 'Имя', fallback: false, rows: 1 },
      { variable: 'Скидка', fallback: true, rows: 2 },
      { variable: 'ИМЯ', fallback: true, rows: 1 },
      { variable: 'Город', fallback: false, rows: 2 },
    ]);
    expect(counted).toMatchObject({ unfilled: 2, tooLong: 0, unsendable: { main: 0 } });
  });
});

const word = fc.string({ unit: fc.constantFrom(...'aя€ №😜\r\n', '\u0306', 'и', '“'), maxLength: 12 });
const cell = fc.oneof(
  { weight: 4, arbitrary: word },
  { weight: 1, arbitrary: fc.tuple(word, fc.nat({ max: 120 })).map(([text, n]) => text.repeat(n)) },
);
const column = fc.constantFrom('Имя', ' имя ', 'ИМЯ', 'Скидка', 'Город', 'Телефон');
const piece = fc.oneof(
  word,
  column.map((name) => `{{${name}}}`),
  fc.tuple(column, word).map(([name, fallback]) => `{{${name}|${fallback}}}`),
);
const message = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
const row = fc.array(cell, { minLength: 2, maxLength: 4 });

const content = (change: Partial<RunContent>): RunContent => ({
  name: 'n',
  method: 'sms',
  channelId: 'c',
  text: '',
  template: null,
  bindings: {},
  removeDuplicates: true,
  ...change,
});

test('property: a row is counted as what is sent of it', () => {
  fc.assert(
    fc.property(message, row, (text, cells) => {
      const sent = compose(content({ text }), cellFinder(COLUMNS)(cells));
      const plan = smsPlan(text);
      const tally = new Tally(plan);
      expect(tally.add('main', 2, valuesOf(plan, COLUMNS, cells))).toBe(sent.problem);
      const counted = tally.result();
      const { segments: count, units, encoding } = smsLength(sent.text);
      expect(sent.segments).toBe(count);
      expect(counted.segments).toEqual(count >= 1 && count <= 5 ? { [count]: 1 } : {});
      expect([counted.tooLong, counted.blank]).toEqual([count > 5 ? 1 : 0, count === 0 ? 1 : 0]);
      expect(counted.unfilled).toBe(sent.empty.length > 0 ? 1 : 0);
      const longest = {
        list: 'main',
        row: 2,
        segments: count,
        units,
        encoding,
        text: sent.text.slice(0, 1000),
      };
      expect(counted.longest).toEqual(count > 0 ? [longest] : []);
    }),
    { numRuns: 1000 },
  );
});

const variables = ['header.1', 'body.1', 'body.name'];
const template = { variables: variables.map((key) => ({ key })), body: '', header: null, footer: null };
const binding: fc.Arbitrary<Binding> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), text: fc.constantFrom('x', '5 %') }),
  fc.record({ kind: fc.constant('column' as const), column, fallback: fc.constantFrom('', ' ', 'нет') }),
);

test('property: a template’s row is counted as what is sent of it', () => {
  fc.assert(
    fc.property(fc.tuple(binding, binding, binding), row, (bound, cells) => {
      const bindings = Object.fromEntries(variables.map((key, i) => [key, bound[i]!]));
      const full = content({ method: 'waba', template: template as unknown as Template, bindings });
      const sent = compose(full, cellFinder(COLUMNS)(cells));
      const plan = templatePlan(bindings, variables);
      const tally = new Tally(plan);
      expect(tally.add('additional', 2, valuesOf(plan, COLUMNS, cells))).toBe(sent.problem);
      const counted = tally.result();
      const unfilled = counted.empty.filter(({ fallback }) => !fallback).map(({ variable }) => variable);
      expect(unfilled).toEqual(sent.empty);
      const missing = sent.empty.length > 0 ? 1 : 0;
      expect(counted).toMatchObject({
        rows: 1,
        unfilled: missing,
        unsendable: { main: 0, additional: missing },
      });
    }),
    { numRuns: 500 },
  );
});

test('a binding that is not among the template’s variables any more counts for nothing', () => {
  const bindings = { old: { kind: 'column', column: 'Имя', fallback: '' } } as const;
  expect(templatePlan(bindings, ['body.1']).variables).toEqual([]);
});

test('a sample is scaled to all rows and says that it is one', () => {
  const sample = tallied('Hi {{Имя}}', named('№', 'Jo', '', 'a'.repeat(800)));
  expect(scaledTo(400, sample)).toMatchObject({
    exact: false,
    rows: 400,
    segments: { 1: 300 },
    tooLong: 100,
    ucs2: 100,
    forcing: [{ characters: ['№'], rows: 100 }],
    empty: [{ variable: 'Имя', fallback: false, rows: 100 }],
    unfilled: 100,
    unsendable: { main: 100, additional: 0 },
  });
  expect(scaledTo(400, tallied('Hi', []))).toMatchObject({ rows: 400, segments: {}, tooLong: 0 });
});
