import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Accounts whose messages go through Chatwoot in place of their host. */
export class Chatwoot1764001450000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table chatwoot_connection (
        account_id integer primary key references account on delete cascade,
        -- in the address of its webhook, and what its secrets are bound to
        id uuid not null unique,
        base_url text not null,
        -- the account's number there
        tenant integer not null,
        access_token bytea not null,
        webhook_secret bytea not null,
        connected_at timestamptz not null default now()
      );
      alter table chatwoot_connection enable row level security;
      create policy account_wall on chatwoot_connection to mass_messaging_request
        using (account_id = (select current_setting('mass_messaging.account')::integer));
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table chatwoot_connection');
  }
}
