import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The account's id leads every key of the large tables, so that all rows of an account can live on one shard.
 * `contact` and `message` have no foreign keys on purpose: a check per row would make an upload several times
 * slower; both are only ever written by one statement inside the transaction that also writes their parents.
 */
export class Initial1764000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      create table account (
        id integer generated always as identity primary key,
        host text not null,
        external_id text not null,
        name text not null,
        time_zone text not null,
        last_campaign_id integer not null default 0,
        created_at timestamptz not null default now(),
        constraint account_external unique (host, external_id)
      );

      create table installation (
        account_id integer not null,
        id text not null,
        sequence bigint not null,
        state text not null,
        origins text[] not null,
        api_base_url text not null,
        -- AES-256-GCM; emptied at uninstall
        access_token bytea,
        webhook_secret bytea,
        session_key bytea,
        updated_at timestamptz not null default now(),
        primary key (account_id, id),
        constraint installation_account foreign key (account_id) references account (id),
        constraint installation_state check (state in ('active', 'disabled', 'uninstalled')),
        constraint installation_secrets check (state = 'uninstalled' or (access_token is not null and webhook_secret is not null))
      );
      create unique index installation_id on installation (id);
      create unique index installation_live on installation (account_id) where state <> 'uninstalled';

      create type campaign_state as enum ('draft', 'scheduled', 'running', 'paused', 'completed');

      -- The state machine and the hot part of a campaign: small, because every grant rewrites it.
      create table campaign (
        account_id integer not null,
        id integer not null,
        state campaign_state not null default 'draft',
        run integer not null default 0,
        -- the last queue position handed out, and the last there is
        cursor integer not null default 0,
        last_position integer not null default 0,
        rate integer not null,
        -- earliest time of the next grant (the "theoretical arrival time" of the pacing rule)
        due_at timestamptz not null default now(),
        scheduled_for timestamptz,
        pause_reason text,
        pause_detail text,
        primary key (account_id, id),
        constraint campaign_account foreign key (account_id) references account (id),
        constraint campaign_cursor check (cursor between 0 and last_position),
        constraint campaign_rate check (rate between 1 and 300),
        constraint campaign_scheduled check ((state = 'scheduled') = (scheduled_for is not null)),
        constraint campaign_paused check ((state = 'paused') = (pause_reason is not null)),
        constraint campaign_started check (state not in ('running', 'paused', 'completed') or run > 0)
      ) with (fillfactor = 40, autovacuum_vacuum_scale_factor = 0.02);
      create index campaign_due on campaign (due_at) where state = 'running';
      create index campaign_start on campaign (scheduled_for) where state = 'scheduled';

      create table campaign_settings (
        account_id integer not null,
        campaign_id integer not null,
        version integer not null default 1,
        name text not null,
        -- the name as it is compared: lower() of a database with locale C knows no Cyrillic
        name_key text not null,
        method text not null,
        channel_id text,
        template_id text,
        bindings jsonb not null default '{}',
        text text not null default '',
        remove_duplicates boolean not null default true,
        additional_list boolean not null default false,
        on_file_removal text not null default 'remove',
        -- clock time in the account's zone; null: start at once
        start_at text,
        last_list_id integer not null default 0,
        created_by text not null,
        created_at timestamptz not null default now(),
        updated_at timestamptz not null default now(),
        archived_at timestamptz,
        primary key (account_id, campaign_id),
        constraint settings_campaign foreign key (account_id, campaign_id) references campaign (account_id, id),
        constraint settings_name check (char_length(name) between 1 and 100),
        constraint settings_method check (method in ('waba', 'sms')),
        constraint settings_removal check (on_file_removal in ('remove', 'send'))
      );
      create unique index campaign_name on campaign_settings (account_id, name_key) where archived_at is null;

      create table campaign_event (
        account_id integer not null,
        campaign_id integer not null,
        id uuid not null,
        at timestamptz not null default clock_timestamp(),
        by_user text not null,
        action text not null,
        from_state campaign_state,
        to_state campaign_state not null,
        reason text,
        primary key (account_id, campaign_id, id),
        constraint event_campaign foreign key (account_id, campaign_id) references campaign (account_id, id)
      );

      create table list (
        account_id integer not null,
        campaign_id integer not null,
        id integer not null,
        slot text not null,
        -- the method it was read for: a landline is taken for WABA and refused for SMS
        method text not null,
        file_name text not null,
        bytes integer not null,
        encoding text not null,
        separator text not null,
        columns text[] not null,
        phone_column integer not null,
        rows integer not null,
        contacts integer not null,
        duplicates integer not null,
        duplicates_of_other integer not null default 0,
        refused integer not null,
        refused_by jsonb not null,
        refused_rows jsonb not null,
        uploaded_by text not null,
        uploaded_at timestamptz not null default now(),
        removed_at timestamptz,
        primary key (account_id, campaign_id, id),
        constraint list_campaign foreign key (account_id, campaign_id) references campaign (account_id, id),
        constraint list_slot check (slot in ('main', 'additional')),
        constraint list_method check (method in ('waba', 'sms')),
        constraint list_rows check (rows = contacts + duplicates + refused)
      );
      create unique index list_loaded on list (account_id, campaign_id, slot) where removed_at is null;

      -- One row of a file, never changed. A refused row has its reason instead of a phone.
      create table contact (
        account_id integer not null,
        campaign_id integer not null,
        list_id integer not null,
        row_no integer not null,
        phone text,
        refusal text,
        -- a later occurrence of a number within this file
        repeated boolean not null,
        cells text[] not null,
        primary key (account_id, campaign_id, list_id, row_no),
        constraint contact_phone check ((phone is null) = (refusal is not null))
      );

      create table run (
        account_id integer not null,
        campaign_id integer not null,
        run integer not null,
        scope text not null,
        -- what is sent, as it was when the run began: name, method, channel, template, bindings, text
        content jsonb not null,
        started_at timestamptz not null default now(),
        started_by text not null,
        finished_at timestamptz,
        -- the account of the rows at the moment the campaign was cleared
        cleared jsonb,
        primary key (account_id, campaign_id, run),
        constraint run_campaign foreign key (account_id, campaign_id) references campaign (account_id, id)
      );

      -- In the order in which a state may replace another: see contract/message-states.ts.
      create type message_state as enum
        ('queued', 'cancelled', 'duplicate', 'stopped', 'unknown', 'sent', 'failed', 'delivered', 'read');

      -- One contact in one run. Half-empty pages and no index on what changes: every update stays on its page (HOT).
      create table message (
        account_id integer not null,
        campaign_id integer not null,
        run integer not null,
        -- place in the queue
        position integer not null,
        list_id integer not null,
        row_no integer not null,
        state message_state not null default 'queued',
        attempt smallint not null default 0,
        segments smallint,
        reason text,
        detail text,
        sent_at timestamptz,
        delivered_at timestamptz,
        read_at timestamptz,
        replied_at timestamptz,
        primary key (account_id, campaign_id, run, position)
      ) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

      -- The write-ahead intent: positions (low, high] of a run are in the hands of one process until it says otherwise.
      create table dispatch_grant (
        account_id integer not null,
        campaign_id integer not null,
        run integer not null,
        low integer not null,
        high integer not null,
        -- null: given back, nothing in it has left, to be handed out again from due_at on
        owner uuid,
        due_at timestamptz not null,
        -- after this nothing of it may leave; after lease_until it is taken over
        send_until timestamptz not null,
        lease_until timestamptz not null,
        primary key (account_id, campaign_id, run, low),
        constraint grant_range check (low < high)
      ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02);

      -- Append-only: the provider's id to our message, for receipts; the phone, for replies.
      create table provider_message (
        account_id integer not null,
        channel_id text not null,
        provider_id text not null,
        campaign_id integer not null,
        run integer not null,
        position integer not null,
        phone text not null,
        at timestamptz not null default now()
      );
      create index provider_message_id on provider_message (account_id, provider_id);
      create index provider_message_phone on provider_message (account_id, phone, at);

      -- Webhooks as they came, stored before they are answered.
      create table inbox (
        account_id integer not null,
        id text not null,
        body jsonb not null,
        received_at timestamptz not null default now(),
        tries integer not null default 0,
        next_try_at timestamptz not null default now(),
        processed_at timestamptz,
        primary key (account_id, id)
      );
      create index inbox_waiting on inbox (next_try_at) where processed_at is null;

      create table reply (
        account_id integer not null,
        id text not null,
        campaign_id integer not null,
        run integer not null,
        position integer not null,
        channel_id text not null,
        phone text not null,
        text text not null,
        occurred_at timestamptz not null,
        -- the chat in RMO; null while it is still to be opened
        chat_id text,
        chat_tries integer not null default 0,
        chat_due_at timestamptz not null default now(),
        primary key (account_id, id)
      );
      create index reply_waiting on reply (chat_due_at) where chat_id is null;

      create table stop_list (
        account_id integer not null,
        phone text not null,
        reason text not null,
        evidence text,
        added_by text not null,
        added_at timestamptz not null default now(),
        primary key (account_id, phone),
        constraint stop_list_account foreign key (account_id) references account (id)
      );
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      drop table stop_list, reply, inbox, provider_message, dispatch_grant, message, run, contact, list,
        campaign_event, campaign_settings, campaign, installation, account;
      drop type message_state, campaign_state;
    `);
  }
}
