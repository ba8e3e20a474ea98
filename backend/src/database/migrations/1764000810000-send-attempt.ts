import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * For providers that know no idempotency keys: what was about to be written to them, on disk before it is. Of a dead
 * process's grant only these are in doubt. Rows are added and, once their grant has ended, removed; never changed.
 */
export class SendAttempt1764000810000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table send_attempt (
        account_id integer not null,
        campaign_id integer not null,
        run integer not null,
        position integer not null,
        -- tells the handing out of its grant from every other: dispatch_grant.lease_until
        lease timestamptz not null,
        primary key (account_id, campaign_id, run, position, lease)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table send_attempt');
  }
}
