import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The rule of `reports/csv.ts` where reports are formatted; a test holds the two together. */
export class CsvCell1764000100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function csv_cell_guarded(cell text) returns text language sql immutable parallel safe as $$
        select case when safe ~ '[;"\\r\\n]' then '"' || replace(safe, '"', '""') || '"' else safe end
          from (select case when plain ~ '^[-=+@\\t\\r]' then '''' || plain else plain end as safe
                  from (select translate(cell, E'\\x01\\x02', '') as plain) cleaned) guarded
      $$;

      -- Small enough to be put in place of its call: nine cells in ten have nothing to guard.
      create function csv_cell(cell text) returns text language sql immutable parallel safe as $$
        select case when cell is null then ''
                    when cell !~ '^[-=+@]|[;"[:cntrl:]]' then cell
                    when cell !~ '[;"[:cntrl:]]' then '''' || cell
                    else csv_cell_guarded(cell) end
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function csv_cell(text), csv_cell_guarded(text)');
  }
}
