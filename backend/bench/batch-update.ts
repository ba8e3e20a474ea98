import type { DataSource } from 'typeorm';
import pg from 'pg';
import { int4Array } from '../src/dispatch/binary-array.ts';
import { settleDown } from './bench-database.ts';

const BATCH = 1000;
const CONNECTIONS = 4;

/** Rows that have a state and nothing else to do, with room beside them as the messages have. */
export async function fillBatchRows(dataSource: DataSource, rows: number): Promise<void> {
  await dataSource.query('drop table if exists batch_row');
  await dataSource.query(
    'create table batch_row (id integer primary key, state smallint not null, changed_at timestamptz) with (fillfactor = 50)',
  );
  await dataSource.query('insert into batch_row select n, 0, null from generate_series(1, $1::int) n', [
    rows,
  ]);
  await settleDown(dataSource, 'batch_row');
}

/** What PostgreSQL can do at best with as many rows: each gets its new state in a batch, and nothing else happens. */
export async function updateInBatches(url: string, rows: number): Promise<void> {
  const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS });
  let next = 1;
  let changed = 0;
  const work = async () => {
    while (next <= rows) {
      const first = next;
      next += BATCH;
      const ids = Array.from({ length: Math.min(BATCH, rows - first + 1) }, (_, n) => first + n);
      const result = await pool.query({
        name: 'batch update',
        text: `update batch_row r set state = 1, changed_at = now()
                 from unnest($1::int[]) as wanted (id) where r.id = wanted.id and r.state = 0`,
        values: [int4Array(ids)],
      });
      changed += result.rowCount ?? 0;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  await pool.end();
  if (changed !== rows) throw new Error(`the batches changed ${changed} of ${rows} rows`);
}
