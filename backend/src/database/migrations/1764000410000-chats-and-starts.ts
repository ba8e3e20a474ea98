import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A chat that cannot be opened is given up after days, with what was said last; chats are looked for account by
 * account. An event may say more than its reason: what stood in the way of a scheduled start.
 */
export class ChatsAndStarts1764000410000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table reply
        add column received_at timestamptz not null default now(),
        add column chat_given_up_at timestamptz;
      drop index reply_waiting;
      create index reply_waiting on reply (account_id, chat_due_at) where chat_id is null and chat_given_up_at is null;
      alter table campaign_event add column detail jsonb;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table campaign_event drop column detail;
      drop index reply_waiting;
      alter table reply drop column received_at, drop column chat_given_up_at;
      create index reply_waiting on reply (chat_due_at) where chat_id is null;
    `);
  }
}
