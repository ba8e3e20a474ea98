import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Hours of the day in which a campaign sends. They stand in its row, where the claim reads them. */
export class SendingHours1764001410000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table campaign
        add column hours_from time,
        add column hours_to time,
        -- the account's zone, by a name that this server knows: one it does not would break every claim
        add column hours_zone text,
        add constraint campaign_hours
          check (num_nulls(hours_from, hours_to, hours_zone) in (0, 3) and hours_from < hours_to);
    `);
    await runner.query(`
      -- Seconds until the hours open; 0 within them, and without any. Five seconds before the end nothing new is claimed,
      -- so that what is claimed has left by then.
      create function hours_wait(hours_from time, hours_to time, zone text) returns float8
      language sql stable parallel safe
      as $$
        select case
          when hours_from is null then 0
          when (now() at time zone zone)::time >= hours_from
           and (now() at time zone zone)::time < hours_to - interval '5 s' then 0
          else extract(epoch from (
                 (now() at time zone zone)::date
                 + case when (now() at time zone zone)::time < hours_from then 0 else 1 end
                 + hours_from) at time zone zone - now())::float8
        end
      $$;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop function hours_wait;
      alter table campaign drop column hours_from, drop column hours_to, drop column hours_zone;
    `);
  }
}
