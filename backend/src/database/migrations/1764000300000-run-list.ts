import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Which files' rows a run accounts for, on disk instead of guessed from times: those loaded when it began and those
 * added while it was under way. Runs that are there already are filled in by the times they were guessed from.
 */
export class RunList1764000300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table run_list (
        account_id integer not null,
        campaign_id integer not null,
        run integer not null,
        list_id integer not null,
        -- removed while some of its messages were in a process's hands: numbers they were counted for may be left over
        in_hand boolean not null default false,
        primary key (account_id, campaign_id, run, list_id),
        constraint run_list_run foreign key (account_id, campaign_id, run) references run (account_id, campaign_id, run),
        constraint run_list_list foreign key (account_id, campaign_id, list_id)
          references list (account_id, campaign_id, id)
      );
      create index run_list_in_hand on run_list (account_id, campaign_id) where in_hand;

      insert into run_list (account_id, campaign_id, run, list_id)
      select r.account_id, r.campaign_id, r.run, l.id
        from run r
        join list l on l.account_id = r.account_id and l.campaign_id = r.campaign_id
         and l.uploaded_at <= coalesce(r.finished_at, 'infinity')
         and (l.removed_at is null or l.removed_at > r.started_at)
         -- a run of a part of the last one has only what was added to it
       where r.scope = 'all' or l.uploaded_at > r.started_at;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table run_list');
  }
}
