import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Hosts that sign nothing, and an uninstall that asks for its data to be erased at once. */
export class HostCalls1764001440000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table installation
        -- SHA-256 of the token that the calls of a host without signatures bear
        add column call_token_hash bytea,
        add column erase_at_once boolean not null default false;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table installation drop column call_token_hash, drop column erase_at_once');
  }
}
