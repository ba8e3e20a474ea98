import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Row-level security: the role of requests sees the rows of one account, the one of the setting `mass_messaging.account`.
 * A request that has not said which gets an error, not all rows. The owner of the tables is not held back.
 */
export class AccountWall1764001400000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      do $$
      begin
        begin
          -- A role belongs to the whole server: another database of it may have made it, or its administrator.
          if not exists (select from pg_roles where rolname = 'mass_messaging_request') then
            create role mass_messaging_request nologin;
          end if;
        exception when duplicate_object or unique_violation then null;
        end;
        begin
          -- Who made a role may give it to himself, and has to, before he can act as it.
          execute format('grant mass_messaging_request to %I', current_user);
        exception when insufficient_privilege then
          if not pg_has_role(current_user, 'mass_messaging_request', 'MEMBER') then raise; end if;
        end;
      exception when insufficient_privilege then
        raise exception using errcode = 'insufficient_privilege', message = format(
          'The role %1$I of DATABASE_URL may not make roles. Let an administrator of the server run: '
          'create role mass_messaging_request nologin; grant mass_messaging_request to %1$I; and start again.',
          current_user);
      end $$
    `);
    await runner.query(`
      grant usage on schema public to mass_messaging_request;
      grant select, insert, update, delete on all tables in schema public to mass_messaging_request;
      alter default privileges in schema public grant select, insert, update, delete on tables to mass_messaging_request;
      revoke all on migration, dispatch_process from mass_messaging_request;
    `);
    await runner.query(`
      do $$
      declare
        walled record;
      begin
        for walled in
          select c.oid::regclass as name, a.attname as account
            from pg_class c
            join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
           where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
             and a.attname = case c.relname when 'account' then 'id' else 'account_id' end
        loop
          execute format('alter table %s enable row level security', walled.name);
          -- In a subquery the setting is read once for a statement, not for each row.
          execute format(
            'create policy account_wall on %s to mass_messaging_request
               using (%I = (select current_setting(''mass_messaging.account'')::integer))',
            walled.name, walled.account);
        end loop;
      end $$
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      do $$
      declare
        walled record;
      begin
        for walled in select polrelid::regclass as name from pg_policy where polname = 'account_wall' loop
          execute format('drop policy account_wall on %s', walled.name);
          execute format('alter table %s disable row level security', walled.name);
        end loop;
      end $$;
      alter default privileges in schema public revoke all on tables from mass_messaging_request;
      revoke all on all tables in schema public from mass_messaging_request;
      revoke usage on schema public from mass_messaging_request;
    `);
  }
}
