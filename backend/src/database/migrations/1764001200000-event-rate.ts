import type { MigrationInterface, QueryRunner } from 'typeorm';

/** An event keeps the rate that held after it, so that what a run sent can be held against what was set. */
export class EventRate1764001200000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table campaign_event add column rate integer');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table campaign_event drop column rate');
  }
}
