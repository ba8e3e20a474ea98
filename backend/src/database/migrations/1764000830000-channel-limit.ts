import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Channels that declare a limit over all that goes through them. The row is the channel's place in its queue and is
 * rewritten with every claim through it: never indexed by anything but its key.
 */
export class ChannelLimit1764000830000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table channel_limit (
        account_id integer not null constraint channel_limit_account references account,
        channel_id text not null,
        -- messages in any 60 seconds
        per_minute double precision not null constraint channel_limit_positive check (per_minute > 0),
        -- when the next message may go through the channel
        due_at timestamptz not null default now(),
        primary key (account_id, channel_id)
      ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02);

      -- What the present run is sent through; null before the first.
      alter table campaign add column channel_id text;
      update campaign c set channel_id = r.content ->> 'channelId'
        from run r
       where r.account_id = c.account_id and r.campaign_id = c.id and r.run = c.run;
      create index campaign_channel on campaign (account_id, channel_id) where state = 'running';
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop index campaign_channel;
      alter table campaign drop column channel_id;
      drop table channel_limit;
    `);
  }
}
