import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sending hours by the clock of each recipient: whose number belongs to which zone, and a queue in parts of one zone each. */
export class RecipientHours1764001430000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      -- Of the numbering plan, the same for all accounts: numbers from low to high, as digits, and their zone. Loaded by a command.
      create table number_range (
        low bigint primary key,
        high bigint not null,
        zone text not null,
        constraint range_order check (low <= high),
        constraint range_once exclude using gist (int8range(low, high, '[]') with &&)
      );
      revoke insert, update, delete on number_range from mass_messaging_request;

      -- Positions (low, high] of a run's queue, whose recipients have one clock. One part at a time stands in the
      -- campaign's row, where every claim reads it; of the others this says how far they have been handed out.
      create table queue_part (
        account_id integer not null,
        campaign_id integer not null,
        run integer not null,
        low integer not null,
        high integer not null,
        cursor integer not null,
        zone text not null,
        -- no range has these numbers: the account's clock counts, and moves with it
        of_account boolean not null,
        primary key (account_id, campaign_id, run, low),
        constraint part_range check (low < high and cursor between low and high)
      );
      alter table queue_part enable row level security;
      create policy account_wall on queue_part to mass_messaging_request
        using (account_id = (select current_setting('mass_messaging.account')::integer));

      alter table campaign
        add column hours_by_recipient boolean not null default false,
        -- where the part ends that is handed out; null: the queue is not in parts
        add column part_end integer,
        -- what is to be taken from the cursor to know how much has been handed out: the parts are not done in order
        add column parked integer not null default 0,
        add constraint campaign_part check (part_end between cursor and last_position),
        add constraint campaign_handed_out check (cursor - parked between 0 and last_position);
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table campaign drop column hours_by_recipient, drop column part_end, drop column parked;
      drop table queue_part, number_range;
    `);
  }
}
