/**
 * What is personal of an account's data, kind by kind: phones, names and whatever else stood in its files, and what
 * customers wrote. Each statement takes at most $2 rows of the account $1 and says how many; it is run until it says
 * none. What stays tells nobody's number: settings, runs, and the states and times of messages, so that the account of
 * an old run still adds up.
 */
export const ERASING: readonly { kind: string; sql: string }[] = [
  ...['list_file', 'contact', 'provider_message', 'reply', 'inbox', 'stop_list'].map((table) => ({
    kind: table,
    sql: removeSome(table),
  })),
  // That they were refused once is a part of the account of earlier runs.
  { kind: 'correction', sql: changeSome('correction', `cells = '{}'`, `cells <> '{}'`) },
  {
    // The first refused rows as they were written. A list without its contacts can start nothing any more.
    kind: 'list',
    sql: changeSome(
      'list',
      `refused_rows = '[]', removed_at = coalesce(removed_at, now())`,
      `removed_at is null or refused_rows <> '[]'`,
    ),
  },
  {
    // A provider's words and its ids may tell the number. What is still queued has nobody to go to; what may have left is unknown.
    kind: 'message',
    sql: changeSome(
      'message',
      `detail = null, provider_id = null,
       reason = case when state <> 'queued' then reason when ${mayHaveLeft()} then 'no_answer' else 'cleared' end,
       state = case when state <> 'queued' then state when ${mayHaveLeft()} then 'unknown' else 'cancelled' end`,
      `state = 'queued' or detail is not null or provider_id is not null`,
    ),
  },
  { kind: 'dispatch_grant', sql: removeSome('dispatch_grant') },
  // With its id gone, nothing that a provider could say is wanted any more.
  { kind: 'unknown_message', sql: removeSome('unknown_message') },
  { kind: 'send_attempt', sql: removeSome('send_attempt') },
  { kind: 'campaign', sql: changeSome('campaign', 'pause_detail = null', 'pause_detail is not null') },
];

function removeSome(table: string): string {
  return counted(`delete from ${table} where ${someOf(table, 'true')} returning 1`);
}

function changeSome(table: string, set: string, where: string): string {
  return counted(`update ${table} set ${set} where ${someOf(table, where)} returning 1`);
}

function someOf(table: string, where: string): string {
  return `ctid = any (array(select ctid from ${table} where account_id = $1 and (${where}) limit $2))`;
}

function counted(statement: string): string {
  return `with done as (${statement}) select count(*)::int as count from done`;
}

function mayHaveLeft(): string {
  return `(in_doubt or exists (
    select from dispatch_grant g
     where g.account_id = message.account_id and g.campaign_id = message.campaign_id and g.run = message.run
       and g.owner is not null and message.position > g.low and message.position <= g.high))`;
}
