import type { DataSource } from 'typeorm';
import type { RunContent } from '../src/dispatch/compose.ts';
import { settleDown } from './bench-database.ts';

const CONTENT: RunContent = {
  name: 'Bench',
  method: 'sms',
  channelId: 'channel',
  text: 'Hello {{name|you}}',
  template: null,
  bindings: {},
  removeDuplicates: true,
};

/** Accounts that share the campaigns evenly; of fewer campaigns each has its own. */
const ACCOUNTS = 100;

/** Its account and its number, as one: what a sender tells of the campaign that may be larger than the others. */
export const FIRST_CAMPAIGN = 65_536 + 1;

/**
 * Empties the tables and fills them anew: running campaigns, due now, each with as many messages, all queued; the
 * first may have more. Of more campaigns than accounts that cannot be shared evenly, the first account has the rest.
 */
export async function fillQueue(
  dataSource: DataSource,
  {
    campaigns,
    messagesEach,
    biggest = messagesEach,
  }: { campaigns: number; messagesEach: number; biggest?: number },
): Promise<void> {
  await dataSource.query(
    'truncate account restart identity cascade; truncate contact, message, dispatch_grant, provider_message',
  );
  const accounts = Math.min(ACCOUNTS, campaigns);
  await dataSource.query(
    `insert into account (host, external_id, name, time_zone)
     select 'bench', n::text, 'Bench', 'Europe/Moscow' from generate_series(1, $1::int) n`,
    [accounts],
  );
  await dataSource.query(
    `insert into campaign (account_id, id, state, run, rate, last_position, due_at)
     select a.id, n, 'running', 1, 300, case when a.id = 1 and n = 1 then $4::int else $3::int end, now() - interval '1 s'
       from account a, generate_series(1, $1::int + case when a.id = 1 then $2::int else 0 end) n`,
    [Math.floor(campaigns / accounts), campaigns % accounts, messagesEach, biggest],
  );
  await dataSource.query(
    `insert into list (account_id, campaign_id, id, slot, method, file_name, bytes, encoding, separator, columns, phone_column,
                       rows, contacts, duplicates, refused, refused_by, refused_rows, uploaded_by)
     select account_id, id, 1, 'main', 'sms', 'phones.csv', 1, 'utf-8', ';', '{Phone,Name}', 0, last_position, last_position, 0, 0, '{}', '[]', 'bench'
       from campaign`,
  );
  await dataSource.query(
    `insert into run (account_id, campaign_id, run, scope, content, started_by)
     select account_id, id, 1, 'all', $1, 'bench' from campaign`,
    [JSON.stringify(CONTENT)],
  );
  await dataSource.query(
    `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
     select account_id, id, 1, n + 1, '+7912' || lpad(((account_id * 31 + id) * 1009 + n)::text, 7, '0'), false,
            array['8 912 ' || n, 'Name ' || n]
       from campaign, generate_series(1, last_position) n order by 1, 2, 4`,
  );
  await dataSource.query(
    `insert into message (account_id, campaign_id, run, position, list_id, row_no)
     select account_id, campaign_id, 1, row_no - 1, 1, row_no from contact order by 1, 2, 4`,
  );
  await settleDown(dataSource, 'campaign', 'contact', 'message', 'run', 'list', 'dispatch_grant');
}
