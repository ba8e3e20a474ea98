import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A running campaign is looked after by one process, which keeps its due time in memory and claims it by its key.
 * An index on the due time, rewritten with every grant, collapses under a snapshot held open for minutes; without it
 * every grant is an in-page update. Who is alive is one row a process, so that staying alive costs one update.
 */
export class DispatchLeases1764000600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table dispatch_process (
        id uuid primary key,
        alive_until timestamptz not null
      );
      alter table campaign add column owner uuid;
      drop index campaign_due;
      create index campaign_running on campaign (account_id, id) where state = 'running';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index campaign_running;
      create index campaign_due on campaign (due_at) where state = 'running';
      alter table campaign drop column owner;
      drop table dispatch_process;
    `);
  }
}
