import type { EntityManager } from 'typeorm';
import { emptyAccount, type MessageState, type RowAccount } from '../../../contract/message-states.ts';
import { rowsOf } from '../database/rows.ts';

const PART_OF: Record<MessageState, keyof RowAccount> = {
  queued: 'queued',
  cancelled: 'cancelled',
  duplicate: 'duplicates',
  stopped: 'stopped',
  unknown: 'unknown',
  sent: 'sent',
  failed: 'failed',
  delivered: 'delivered',
  read: 'read',
};

/**
 * The account of a run's rows, counted from the rows themselves in one statement, so that it cannot drift from
 * them: its messages, and the refused rows of its files (`run_list`), those put right later among them. A run of a part of the last one has the messages
 * it was made of, and of files only those added to it. A cleared run adds what Clear removed.
 */
export async function runAccount(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
  run: number,
): Promise<{ account: RowAccount; replied: number; lastMinute: number }> {
  const rows = await rowsOf<{ part: string; count: number; replied: number; last_minute: number }>(
    manager,
    `select m.state::text as part, count(*)::int as count, count(m.replied_at)::int as replied,
            (count(*) filter (where m.sent_at > now() - interval '60 s'))::int as last_minute
       from message m
      where m.account_id = $1 and m.campaign_id = $2 and m.run = $3
      group by m.state
     union all
     select 'sending', count(*)::int, 0, 0
       from dispatch_grant g
       join message m on m.account_id = g.account_id and m.campaign_id = g.campaign_id and m.run = g.run
        and m.position > g.low and m.position <= g.high and m.state = 'queued'
      where g.account_id = $1 and g.campaign_id = $2 and g.run = $3 and g.owner is not null
     union all
     select 'refused', coalesce(sum(l.refused), 0)::int, 0, 0
       from run r
       join run_list rl on rl.account_id = r.account_id and rl.campaign_id = r.campaign_id and rl.run = r.run
       join list l on l.account_id = rl.account_id and l.campaign_id = rl.campaign_id and l.id = rl.list_id
      where r.account_id = $1 and r.campaign_id = $2 and r.run = $3 and r.cleared is null
     union all
     select 'refused', count(*)::int, 0, 0
       from run r
       join run_list rl on rl.account_id = r.account_id and rl.campaign_id = r.campaign_id and rl.run = r.run
       join correction k on k.account_id = rl.account_id and k.campaign_id = rl.campaign_id
        and k.list_id = rl.list_id and k.run > rl.run
      where r.account_id = $1 and r.campaign_id = $2 and r.run = $3 and r.cleared is null
     union all
     select c.key, c.value::int, 0, 0
       from run r cross join lateral jsonb_each_text(r.cleared) c
      where r.account_id = $1 and r.campaign_id = $2 and r.run = $3 and r.cleared is not null`,
    [accountId, campaignId, run],
  );
  const account = emptyAccount();
  let replied = 0;
  let lastMinute = 0;
  for (const row of rows) {
    const part = PART_OF[row.part as MessageState] ?? (row.part as keyof RowAccount);
    account[part] += row.count;
    replied += row.replied;
    lastMinute += row.last_minute;
  }
  // What is in the hands of a process still stands as queued in its row.
  account.queued -= account.sending;
  account.rows = Object.entries(account).reduce(
    (sum, [part, count]) => (part === 'rows' ? sum : sum + count),
    0,
  );
  return { account, replied, lastMinute };
}

export interface DraftList {
  id: number;
  rows: number;
  contacts: number;
  duplicates: number;
  duplicates_of_other: number;
  refused: number;
}

/** The account of the rows of a campaign that has not started: what Start would do with them. */
export async function draftAccount(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
  lists: readonly DraftList[],
  removeDuplicates: boolean,
): Promise<RowAccount> {
  const account = emptyAccount();
  for (const list of lists) {
    account.rows += list.rows;
    account.refused += list.refused;
    if (removeDuplicates) account.duplicates += list.duplicates + list.duplicates_of_other;
  }
  const stopped = await stoppedRows(manager, accountId, campaignId, lists);
  account.stopped = stopped.rows;
  // A duplicate that is also on the stop list counts as stopped, as it does at Start.
  if (removeDuplicates) account.duplicates -= stopped.duplicates;
  account.queued = account.rows - account.refused - account.duplicates - account.stopped;
  return account;
}

/** Most accounts have no stop list, and then no row has to be looked at. */
async function stoppedRows(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
  lists: readonly DraftList[],
): Promise<{ rows: number; duplicates: number }> {
  const none = { rows: 0, duplicates: 0 };
  const any = await rowsOf(manager, 'select 1 from stop_list where account_id = $1 limit 1', [accountId]);
  if (any.length === 0 || lists.length === 0) return none;
  const [stopped] = await rowsOf<{ rows: number; duplicates: number }>(
    manager,
    `select count(*)::int as rows,
            (count(*) filter (where c.repeated or (c.list_id <> $4 and exists (
               select from contact first
                where first.account_id = c.account_id and first.campaign_id = c.campaign_id
                  and first.list_id = $4 and first.phone = c.phone))))::int as duplicates
       from contact c join stop_list s on s.account_id = c.account_id and s.phone = c.phone
      where c.account_id = $1 and c.campaign_id = $2 and c.list_id = any($3::int[])`,
    [accountId, campaignId, lists.map(({ id }) => id), lists[0]?.id ?? 0],
  );
  return stopped ?? none;
}
