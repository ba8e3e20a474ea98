import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SEPARATORS, type Encoding, type ListSummary, type Separator } from '../../contract/list.ts';
import { encode } from './encode.ts';
import { phoneOf, StillApp } from './still-app.ts';

/** Any list, any corrections of it. */
let still: StillApp;
beforeAll(async () => {
  still = await StillApp.start();
});
afterAll(() => still.stop());

const awkward = fc.string({
  unit: fc.constantFrom(
    "'",
    '=',
    '+',
    '-',
    '@',
    '"',
    ';',
    ',',
    '\t',
    '\r',
    '\n',
    ' ',
    '\u00a0',
    'я',
    'Z',
    '7',
    '\\',
  ),
  maxLength: 6,
});
/** A phone cell that is right, or one that is not. */
const right = fc.integer({ min: 1, max: 5 }).map(phoneOf);
const wrong = fc.constantFrom('', 'нет', '8912', `'+7912`, '=8', 'a1', '89120000001, 89120000002');

interface Row {
  phone: string;
  cells: [string, string];
}
const row: fc.Arbitrary<Row> = fc.record({
  phone: fc.oneof(right, wrong, wrong),
  cells: fc.tuple(awkward, awkward),
});
const encoding = fc.constantFrom<Encoding>('utf-8', 'utf-16le', 'windows-1251');
const file = fc.record({
  rows: fc.array(row, { minLength: 1, maxLength: 8 }),
  encoding,
  separator: fc.constantFrom<Separator>(...SEPARATORS),
});

const quoted = (cell: string) => `"${cell.replaceAll('"', '""')}"`;
const lineOf = (cells: readonly string[], separator: string) => `${cells.map(quoted).join(separator)}\r\n`;

async function load(
  id: number,
  rows: readonly Row[],
  how: { encoding: Encoding; separator: Separator },
): Promise<ListSummary> {
  const lines = [
    ['Телефон', 'Имя', 'Город'],
    [phoneOf(9), 'Яна', 'Уфа'],
  ].concat(rows.map(({ phone, cells }) => [phone, ...cells]));
  const text = lines.map((cells) => lineOf(cells, how.separator)).join('');
  const query = new URLSearchParams({ ...how, header: 'true', phoneColumn: '0' }).toString();
  await still.api
    .call('put', `/campaigns/${id}/lists/main?${query}`)
    .set('Content-Type', 'text/csv')
    .send(Buffer.from(encode(text, how.encoding, true)))
    .expect(200);
  return summary(id);
}

async function download(id: number): Promise<Buffer> {
  const { body } = await still.api
    .call('get', `/campaigns/${id}/lists/main/refused`)
    .buffer(true)
    .parse((response, done) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => done(null, Buffer.concat(parts)));
    })
    .expect(200);
  return body as Buffer;
}

const correct = async (id: number, bytes: Uint8Array) =>
  (
    await still.api
      .call('post', `/campaigns/${id}/lists/main/corrections`)
      .set('Content-Type', 'text/csv')
      .send(Buffer.from(bytes))
      .expect(200)
  ).body.correction as Record<string, number>;

const summary = async (id: number) => (await still.api.get(id)).lists[0]!;
const contacts = (id: number) =>
  still.query<{ row_no: number; phone: string | null; cells: string[] }>(
    `select c.row_no, c.phone, c.refusal, c.repeated, c.cells from contact c
       join list l on l.account_id = c.account_id and l.campaign_id = c.campaign_id and l.id = c.list_id
      where c.account_id = 1 and c.campaign_id = $1 and l.removed_at is null order by c.row_no`,
    [id],
  );
const numbers = async (id: number) =>
  [...new Set((await contacts(id)).flatMap(({ phone }) => (phone === null ? [] : [phone])))].sort();

test('a correction file uploaded as it came changes nothing, whatever is in its cells', async () => {
  const id = await still.draft();
  await fc.assert(
    fc.asyncProperty(file, async ({ rows, ...how }) => {
      const list = await load(id, rows, how);
      const before = await contacts(id);
      const bytes = await download(id);
      expect(await correct(id, bytes)).toMatchObject({
        taken: 0,
        already: 0,
        unknown: 0,
        stillRefused: list.refused,
      });
      expect(await contacts(id)).toEqual(before);
      expect(await summary(id)).toEqual(list);
    }),
    { numRuns: 12, endOnFailure: false },
  );
}, 120_000);

const isBlank = ({ phone, cells }: Row) =>
  [phone, ...cells].every((cell) => cell.replace(/^'/, '').trim() === '');

interface Mended {
  at: number;
  phone: string;
  city: string;
}
const mended: fc.Arbitrary<Mended> = fc.record({
  at: fc.nat(7),
  phone: fc.oneof({ arbitrary: right, weight: 3 }, { arbitrary: wrong, weight: 1 }),
  city: awkward,
});

test('corrections in any order, sent twice, leave the list as reading the corrected file would', async () => {
  const [id, whole] = [await still.draft(), await still.draft()];
  await fc.assert(
    fc.asyncProperty(
      file,
      fc.uniqueArray(mended, { selector: ({ at }) => at, maxLength: 8 }),
      fc.constantFrom<Separator>(...SEPARATORS),
      async ({ rows, ...how }, mends, separator) => {
        const list = await load(id, rows, how);
        const before = await contacts(id);
        const refused = new Map(
          before.filter(({ phone }) => phone === null).map((each) => [each.row_no, each]),
        );
        const header = /Строка\/Row [0-9a-f]{10}/.exec(
          new TextDecoder(how.encoding).decode(await download(id)),
        )![0];
        const lines = mends.map(({ at, phone, city }) => [String(at + 3), city, phone]);
        const sent = [['x', header, 'Город', 'Телефон'], ...lines.map((line) => ['', ...line])];
        const bytes = encode(sent.map((cells) => lineOf(cells, separator)).join(''), 'utf-8', true);

        const first = await correct(id, bytes);
        const after = await contacts(id);
        const once = await summary(id);
        const second = await correct(id, bytes);
        expect(second).toMatchObject({ taken: 0, stillRefused: first['stillRefused'] });
        expect(await contacts(id)).toEqual(after);
        expect(await summary(id)).toEqual(once);

        expect(first['taken']! + first['stillRefused']! + first['already']! + first['unknown']!).toBe(
          mends.length,
        );
        expect(once.rows).toBe(list.rows);
        expect(once.contacts + once.duplicates + once.refused).toBe(once.rows);
        expect(once.corrected).toBe(first['taken']);

        // The list as it would have been written right in the first place.
        const asWritten = rows.map((each, at) => {
          const mend = mends.find((one) => one.at === at);
          if (!mend || !refused.has(at + 3)) return each;
          return { phone: mend.phone, cells: [each.cells[0], mend.city] as [string, string] };
        });
        const fresh = await load(whole, asWritten, { encoding: 'utf-8', separator: ';' });
        expect(await numbers(id)).toEqual(await numbers(whole));
        // A row that a correction has emptied is none to who reads the whole file; in the list it stays refused.
        if (asWritten.some((each, at) => each !== rows[at] && isBlank(each))) return;
        const { contacts: people, duplicates, refused: left, refusedBy } = fresh;
        expect(once).toMatchObject({ contacts: people, duplicates, refused: left, refusedBy });
        // A cell of our own guard is taken off where the file is one of ours, and by reading any file.
        if (!mends.some(({ city }) => city.startsWith("'")))
          expect(once.emptyCells).toEqual(fresh.emptyCells);
      },
    ),
    { numRuns: 12, endOnFailure: false },
  );
}, 120_000);
