import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A queued message may have left once already: it was handed over and no answer came, and it waits to be asked about
 * again with the same key. Whoever takes it out of the queue must call it `unknown`, never cancelled.
 */
export class MessageDoubt1764000200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table message add column in_doubt boolean not null default false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table message drop column in_doubt');
  }
}
