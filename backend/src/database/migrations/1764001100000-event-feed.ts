import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How far an installation's feed of events has been read. Without a row it has never been asked for. */
export class EventFeed1764001100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table event_feed (
        account_id integer not null,
        installation_id text not null,
        -- the host's own words for the place after the last event that is stored; null: before the oldest
        place text,
        read_at timestamptz not null default now(),
        -- a host without a feed, or one in trouble, is left alone until then
        not_before timestamptz not null default now(),
        failures integer not null default 0,
        primary key (account_id, installation_id),
        constraint event_feed_installation foreign key (account_id, installation_id) references installation
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table event_feed');
  }
}
