import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The receipts of erasures, one for every uninstall whose time has passed. They hold no personal data. */
export class Erasure1764000400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table erasure (
        account_id integer not null,
        -- of the installation whose end asked for it
        uninstalled_at timestamptz not null,
        started_at timestamptz not null default now(),
        -- null while it goes on
        finished_at timestamptz,
        -- how many rows of each kind have gone so far
        counts jsonb not null default '{}',
        primary key (account_id, uninstalled_at),
        constraint erasure_account foreign key (account_id) references account (id)
      );
      create index erasure_open on erasure (started_at) where finished_at is null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table erasure');
  }
}
