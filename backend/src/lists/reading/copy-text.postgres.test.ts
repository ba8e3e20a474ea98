import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { cloneDatabase, type TestDatabase } from '../../../test/database.ts';
import { CopyText } from './copy-text.ts';
import type { ReadRow } from './read-list.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await cloneDatabase(1);
  client = new pg.Client(database.url);
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

const COLUMNS = 'account_id, campaign_id, list_id, row_no, phone, refusal, repeated, cells';

const NASTY = [
  '',
  ' ',
  'NULL',
  '\\N',
  '\\.',
  '\\',
  '\\\\',
  '\\n',
  '"',
  '""',
  '\\"',
  '{a,"b"}',
  '},{',
  ',',
  'a\tb',
  'a\nb',
  'a\r\nb',
  '\r',
  '\b\f\v\x01\x7f',
  "O'Reilly; drop table contact",
  'Ёлкина «Мария» № 1',
  '😜 e\u0301 \u202e\ufeff\u2028',
  '\uffff\ufffd',
  'x'.repeat(10_000),
];

test('PostgreSQL reads the rows as they were, whatever stands in the cells', async () => {
  const rows: ReadRow[] = [
    { row: 2, cells: NASTY, phone: '+79123456789', refusal: null, repeated: false },
    { row: 5, cells: [...NASTY].reverse(), phone: '+79123456789', refusal: null, repeated: true },
    { row: 9, cells: ['\\.'], phone: null, refusal: 'no_number', repeated: false },
    ...NASTY.map((cell, at): ReadRow => ({
      row: at + 10,
      cells: [cell],
      phone: null,
      refusal: 'length',
      repeated: false,
    })),
  ];
  const chunks: Buffer[] = [];
  const copy = new CopyText({ accountId: 1, campaignId: 2, listId: 3 }, (chunk) => chunks.push(chunk));
  copy.add(rows);
  copy.end();
  await pipeline(Readable.from(chunks), client.query(copyFrom(`copy contact (${COLUMNS}) from stdin`)));
  const { rows: back } = await client.query(
    `select row_no as row, cells, phone, refusal, repeated from contact
      where account_id = 1 and campaign_id = 2 and list_id = 3 order by row_no`,
  );
  expect(back).toEqual(rows);
});
