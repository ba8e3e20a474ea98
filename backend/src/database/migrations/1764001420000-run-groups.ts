import type { MigrationInterface, QueryRunner } from 'typeorm';

/** A run of chosen groups of the last one: which they were. */
export class RunGroups1764001420000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table run add column groups jsonb`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table run drop column groups`);
  }
}
