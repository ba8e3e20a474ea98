import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { encode } from '../../test/encode.ts';
import { loadRanges } from './load-ranges.ts';
import { joined, readRegistry, RegistryError } from './read-registry.ts';
import { withRegion } from './zone-of.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await cloneDatabase();
});
afterAll(() => database.drop());

const HEADER = 'АВС/ DEF;От;До;Емкость;Оператор;Регион;Территория ГАР;ИНН';
const FILE = [
  HEADER,
  '900;0000000;0061999;62000;ООО "Т2 МОБАЙЛ";Краснодарский край;Краснодарский край;7743895280',
  '900;0062000;0062999;1000;ООО "Т2 МОБАЙЛ";Ростовская обл.;Ростовская область;7743895280',
  '900;0200000;0299999;100000;ООО "Т2 Мобайл";Челябинская обл.;Челябинская область;7743895280',
  '901;0000000;0009999;10000;ООО "СПУТНИК";с. Горки;Российская Федерация;7743895280',
].join('\r\n');

test.each([
  ['UTF-8', encode(FILE, 'utf-8')],
  ['UTF-8 with a mark', encode(FILE, 'utf-8', true)],
  ['windows-1251', encode(FILE, 'windows-1251')],
])('a file of the registry in %s is read', (_, bytes) => {
  expect(readRegistry(bytes)).toEqual({
    lines: 4,
    unknown: new Map([['Российская Федерация', 10_000]]),
    ranges: [
      { low: 79_000_000_000, high: 79_000_061_999, zone: 'Europe/Moscow' },
      { low: 79_000_062_000, high: 79_000_062_999, zone: 'Europe/Moscow' },
      { low: 79_000_200_000, high: 79_000_299_999, zone: 'Asia/Yekaterinburg' },
    ],
  });
});

test.each([
  ['another file', 'Телефон;Имя\n89120000000;Иван', /has not the columns/],
  ['nothing', '', /\(empty\)/],
  ['a number that is none', `${HEADER}\n900;12;x;1;О;Самарская обл.;;1`, /line 2/],
  ['an end before its beginning', `${HEADER}\n900;0000009;0000001;1;О;Самарская обл.;;1`, /line 2/],
  ['a line after an empty one', `${HEADER}\n\n900;1;x;1;О;Самарская обл.;;1`, /line 3/],
  ['a code that is none', `${HEADER}\n90;0000000;0000009;10;О;Самарская обл.;;1`, /line 2/],
])('%s is refused with what is wrong', (_, text, words) => {
  expect(() => readRegistry(encode(text, 'utf-8'))).toThrow(words);
});

test('neighbours of one zone become one range; one number in two zones is an error', () => {
  const { ranges } = readRegistry(encode(FILE, 'utf-8'));
  expect(joined(ranges.toReversed())).toEqual([
    { low: 79_000_000_000, high: 79_000_062_999, zone: 'Europe/Moscow' },
    { low: 79_000_200_000, high: 79_000_299_999, zone: 'Asia/Yekaterinburg' },
  ]);
  const other = { low: 79_000_062_999, high: 79_000_063_000, zone: 'Asia/Omsk' };
  expect(() => joined([...ranges, other])).toThrow(RegistryError);
});

const ZONES = ['Asia/Omsk', 'Europe/Moscow', 'Asia/Irkutsk'];

test('a number’s zone is that of the range it is in, and of none else', async () => {
  const range = fc.record({
    gap: fc.integer({ min: 0, max: 3 }),
    size: fc.integer({ min: 1, max: 4 }),
    zone: fc.constantFrom(...ZONES),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(range, { maxLength: 8 }), async (specs) => {
      let next = 79_000_000_010;
      const ranges = specs.map(({ gap, size, zone }) => {
        const low = next + gap;
        next = low + size;
        return { low, high: next - 1, zone };
      });
      await loadRanges(database.dataSource, ranges);
      const rows = await database.dataSource.query(
        `select n::float8 as n, region.zone from generate_series(79000000000, 79000000080) n ${withRegion(`('+' || n)`)}`,
      );
      for (const { n, zone } of rows) {
        const expected = ranges.find(({ low, high }) => n >= low && n <= high)?.zone ?? null;
        expect([n, zone]).toEqual([n, expected]);
      }
    }),
    { numRuns: 50 },
  );
});

test('what cannot be loaded leaves what was there', async () => {
  const good = { low: 79_000_000_000, high: 79_000_000_999, zone: 'Asia/Omsk' };
  await loadRanges(database.dataSource, [good]);
  await expect(loadRanges(database.dataSource, [{ ...good, zone: 'Asia/Atlantis' }])).rejects.toThrow(
    /knows no time zone Asia\/Atlantis/,
  );
  await expect(loadRanges(database.dataSource, [good, { ...good, zone: 'Asia/Irkutsk' }])).rejects.toThrow(
    RegistryError,
  );
  expect(await database.dataSource.query('select low::float8, high::float8, zone from number_range')).toEqual(
    [good],
  );
});
