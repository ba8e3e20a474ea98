import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pg from 'pg';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { boolArray, float8Array, int2Array, int4Array, textArray } from './binary-array.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await cloneDatabase();
  client = new pg.Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const orNull = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(fc.option(arbitrary), { maxLength: 20 });
const text = fc
  .string({ unit: 'binary', maxLength: 20 })
  .filter((value) => !value.includes('\0') && Buffer.from(value).toString() === value);

test.each<[string, fc.Arbitrary<unknown[]>, (values: never[]) => Buffer]>([
  ['int4', orNull(fc.integer()), int4Array],
  ['int2', orNull(fc.integer({ min: -32768, max: 32767 })), int2Array],
  ['float8', orNull(fc.double({ noNaN: true, noDefaultInfinity: true })), float8Array],
  ['bool', orNull(fc.boolean()), boolArray],
  ['text', orNull(text), textArray],
])('PostgreSQL reads an array of %s as it was', async (type, arbitrary, encode) => {
  await fc.assert(
    fc.asyncProperty(arbitrary, async (values) => {
      const { rows } = await client.query<{ same: boolean }>(
        `select $1::${type}[] is not distinct from $2::${type}[] as same`,
        [encode(values as never[]), values],
      );
      expect(rows[0]!.same).toBe(true);
    }),
    { numRuns: 200 },
  );
});
