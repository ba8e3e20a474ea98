import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { CopyRows } from './copy-rows.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await cloneDatabase();
  client = new pg.Client(database.url);
  await client.connect();
  await client.query('create temporary table cells (id serial, a text, b text)');
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const cell = fc.option(fc.string({ unit: fc.constantFrom(...'\\Nnrt\t\n\r\b\f\v;я😜 '), maxLength: 8 }), {
  nil: null,
});

/** In pieces of so many bytes: cut within a letter, an escape, a row. */
function inPieces(bytes: Buffer, size: number): string[][] {
  const rows: string[][] = [];
  const copy = new CopyRows();
  for (let at = 0; at < bytes.length; at += size) {
    copy.push(bytes.subarray(at, at + size), (cells) => rows.push(cells));
  }
  return rows;
}

test('property: what PostgreSQL writes is read as it was, however it is cut', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 9 }),
      async (rows, size) => {
        await client.query('truncate cells');
        const columns = [rows.map(([a]) => a), rows.map(([, b]) => b)];
        await client.query('insert into cells (a, b) select * from unnest($1::text[], $2::text[])', columns);
        const chunks: Buffer[] = [];
        for await (const chunk of client.query(
          copyTo('copy (select a, b from cells order by id) to stdout'),
        )) {
          chunks.push(chunk as Buffer);
        }
        expect(inPieces(Buffer.concat(chunks), size)).toEqual(
          rows.map((cells) => cells.map((each) => each ?? '')),
        );
      },
    ),
    { numRuns: 150 },
  );
});
