import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What reading a file tells beyond the first version, and the file itself, to be read in another way. */
export class ListReading1764000210000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table list
        add column header boolean not null default true,
        add column empty_cells integer[] not null default '{}',
        add column repaired_by jsonb not null default '{}';

      -- The file is stored before its list's row is written, in the same transaction.
      create table list_file (
        account_id integer not null,
        campaign_id integer not null,
        list_id integer not null,
        bytes bytea not null,
        primary key (account_id, campaign_id, list_id),
        constraint list_file_list foreign key (account_id, campaign_id, list_id)
          references list (account_id, campaign_id, id) on delete cascade deferrable initially deferred
      );
      -- Compressing ten megabytes costs more than writing them, and only what is not compressed can be read in parts.
      alter table list_file alter column bytes set storage external;

      -- A list may be marked as removed on several ways; on none of them may a customer's file stay behind.
      create function list_file_goes_with_list() returns trigger language plpgsql as $$
        begin
          delete from list_file
           where account_id = new.account_id and campaign_id = new.campaign_id and list_id = new.id;
          return null;
        end
      $$;
      create trigger list_file_goes_with_list after update of removed_at on list
        for each row when (new.removed_at is not null) execute function list_file_goes_with_list();
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop trigger list_file_goes_with_list on list;
      drop function list_file_goes_with_list();
      drop table list_file;
      alter table list drop column header, drop column empty_cells, drop column repaired_by;
    `);
  }
}
