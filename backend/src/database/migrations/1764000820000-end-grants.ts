import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Grants that end, one by one by their keys. As a join with the batch it was planned by the size of the table, which is
 * empty every night: a plan made then walks all grants for each that ends.
 */
export class EndGrants1764000820000 implements MigrationInterface {
  name = 'EndGrants1764000820000';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create function end_grants(accounts int[], campaigns int[], runs int[], lows int[], leases timestamptz[],
                                 give_back_after_ms float8[], held_by uuid)
      returns void language plpgsql as $$
      declare
        ending record;
      begin
        for ending in
          select * from unnest(accounts, campaigns, runs, lows, leases, give_back_after_ms)
            as e (account_id, campaign_id, run, low, lease_until, give_back_after_ms)
        loop
          if ending.give_back_after_ms is null then
            delete from dispatch_grant g
             where g.account_id = ending.account_id and g.campaign_id = ending.campaign_id and g.run = ending.run
               and g.low = ending.low and g.owner = held_by and g.lease_until = ending.lease_until;
          else
            update dispatch_grant g
               set owner = null, due_at = now() + make_interval(secs => ending.give_back_after_ms / 1000)
             where g.account_id = ending.account_id and g.campaign_id = ending.campaign_id and g.run = ending.run
               and g.low = ending.low and g.owner = held_by and g.lease_until = ending.lease_until;
          end if;
        end loop;
      end $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function end_grants');
  }
}
