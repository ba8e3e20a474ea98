import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows put right by a correction file: what stood there before, and from which run on they count as contacts. */
export class Correction1764000700000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table list add column corrected integer not null default 0;

      create table correction (
        account_id integer not null,
        campaign_id integer not null,
        list_id integer not null,
        row_no integer not null,
        -- the first run the row is a contact of; in those before, it was refused
        run integer not null,
        -- that run was under way, and the row joined it
        joined boolean not null,
        refusal text not null,
        cells text[] not null,
        corrected_at timestamptz not null default now(),
        primary key (account_id, campaign_id, list_id, row_no),
        constraint correction_list foreign key (account_id, campaign_id, list_id)
          references list (account_id, campaign_id, id) on delete cascade
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table correction; alter table list drop column corrected');
  }
}
