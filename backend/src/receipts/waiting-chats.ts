/** The statements about chats that wait to be opened. */

export interface WaitingChat {
  account_id: number;
  id: string;
  campaign_id: number;
  run: number;
  position: number;
  channel_id: string;
  phone: string;
  text: string;
  occurred_at: Date;
  /** Null where the message or its row is gone. */
  list_id: number | null;
  cells: string[] | null;
  sent_at: Date | null;
}

/**
 * For how long a claimed chat is its process's alone, in seconds: a host's time-out, at most a minute, and some time
 * to write. When the process dies the chat is asked for again after it.
 */
const LEASE_SECONDS = 90;
/** The longest pause between two tries, and after how many days a failed try is the last. */
const PAUSE_AT_MOST_SECONDS = 600;
const GIVE_UP_DAYS = 7;

/** Of accounts whose app is off nothing is asked and nothing counts as a try: they wait until it is on again. */
export const DUE_ACCOUNTS = `
select distinct r.account_id
  from reply r
 where r.chat_id is null and r.chat_given_up_at is null and r.chat_due_at <= now() and r.account_id <> all ($1::int[])
   and exists (select from installation i where i.account_id = r.account_id and i.state = 'active')`;

export const CLAIM_CHATS = `
with claimed as (
  update reply set chat_due_at = now() + make_interval(secs => ${LEASE_SECONDS})
   where account_id = $1 and id in (
         select id from reply
          where account_id = $1 and chat_id is null and chat_given_up_at is null and chat_due_at <= now()
          order by chat_due_at limit $2 for update skip locked)
  returning *)
select r.account_id, r.id, r.campaign_id, r.run, r.position, r.channel_id, r.phone, r.text, r.occurred_at,
       m.list_id, m.sent_at, c.cells
  from claimed r
  left join message m on m.account_id = r.account_id and m.campaign_id = r.campaign_id and m.run = r.run and m.position = r.position
  left join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id and c.list_id = m.list_id and c.row_no = m.row_no`;

export const OPENED = 'update reply set chat_id = $3 where account_id = $1 and id = $2';

/** The pause doubles with each try; the exponent is bounded, because 2^1024 is more than a float holds. */
const LATER = `now() + make_interval(secs => least(${PAUSE_AT_MOST_SECONDS}, power(2, least(chat_tries, 20))))`;

/** A try has failed: later again, or, after days, never, with an entry in the campaign's history that says why. */
export const PUT_OFF = `
with put_off as (
  update reply
     set chat_tries = chat_tries + 1, chat_due_at = ${LATER},
         chat_given_up_at = case when received_at < now() - interval '${GIVE_UP_DAYS} days' then now() end
   where account_id = $1 and id = $2 and chat_id is null
  returning *)
insert into campaign_event (id, account_id, campaign_id, by_user, action, from_state, to_state, reason)
select gen_random_uuid(), c.account_id, c.id, 'system', 'chat_given_up', c.state, c.state, '…' || right(p.phone, 4) || ': ' || $3
  from put_off p join campaign c on c.account_id = p.account_id and c.id = p.campaign_id
 where p.chat_given_up_at is not null`;

/**
 * The host itself is in trouble: the account's other chats wait as long as the one that found out. Several may find out at
 * once; a chat that another of them has in hand is put off by that one, and waiting for it could be a deadlock.
 */
export const PUT_OFF_ACCOUNT = `
with found as materialized (
  select chat_due_at from reply where account_id = $1 and id = $2),
others as materialized (
  select r.id from reply r, found
   where r.account_id = $1 and r.chat_id is null and r.chat_given_up_at is null and r.chat_due_at < found.chat_due_at
     for no key update of r skip locked)
update reply r
   set chat_due_at = found.chat_due_at
  from found, others
 where r.account_id = $1 and r.id = others.id`;
