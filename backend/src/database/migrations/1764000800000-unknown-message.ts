import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which unknown messages are still to be looked up at their provider: without it every look would read all messages.
 * A row goes when its message is settled or given up, so the table stays small.
 */
export class UnknownMessage1764000800000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table unknown_message (
        account_id integer not null,
        campaign_id integer not null,
        run integer not null,
        position integer not null,
        since timestamptz not null default now(),
        -- how often the provider has said that it does not know it
        looks smallint not null default 0,
        -- not at once: the request may still be on its way inside the provider
        due_at timestamptz not null default now() + interval '10 s',
        primary key (account_id, campaign_id, run, position)
      );
      create index unknown_message_due on unknown_message (account_id, due_at);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table unknown_message');
  }
}
