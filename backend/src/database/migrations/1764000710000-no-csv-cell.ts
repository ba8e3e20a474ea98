import type { MigrationInterface, QueryRunner } from 'typeorm';
import { CsvCell1764000100000 } from './1764000100000-csv-cell.ts';

/** COPY's own CSV form quotes, and the guard against formulas is an expression: see reports/csv.ts. */
export class NoCsvCell1764000710000 implements MigrationInterface {
  name = 'NoCsvCell1764000710000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('drop function csv_cell(text), csv_cell_guarded(text)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await new CsvCell1764000100000().up(runner);
  }
}
