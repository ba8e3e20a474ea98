/** The statements about messages that are unknown and may be looked up at their provider. */
import type { Provider } from './gateway.ts';

/**
 * The last step of every statement that makes messages unknown. Only those of `changed` that are: one that is sent costs
 * nothing here. Should a receipt have been faster, the next look finds it settled.
 *
 * @param changed a step before it, with the message's key and state
 */
export function toBeLookedUp(changed: string): string {
  return `
  insert into unknown_message (account_id, campaign_id, run, position)
  select account_id, campaign_id, run, position from ${changed} where state = 'unknown'
  on conflict do nothing`;
}

/** Looks that find nothing, and the pause before each, in seconds: the last one is given up after. */
export const PAUSES = [10, 60, 600, 3600] as const;
/** A provider that cannot be asked is asked again after this, and about each message for so many hours. */
const CANNOT_TELL_PAUSE_SECONDS = 60;
const CANNOT_TELL_HOURS = 24;
/** For how long a claimed look is its process's alone, in seconds: a time-out of at most a minute, and some time to write. */
const LEASE_SECONDS = 90;
/** Why a message stays unknown, see contract/message-reasons.ts. */
const NOT_KNOWN = 'not_known';

export interface UnknownMessage {
  accountId: number;
  campaignId: number;
  run: number;
  position: number;
  looks: number;
  /** False: a receipt was faster, or there is nothing left to be looked up. */
  open: boolean;
  attempt: number;
  sentAt: Date;
  channelId: string;
  provider: Provider;
  phone: string;
}

/** Of accounts whose app is off nothing is asked and nothing counts as a look. $1 accounts that are being asked */
export const DUE_ACCOUNTS = `
select distinct u.account_id
  from unknown_message u
 where u.due_at <= now() and u.account_id <> all ($1::int[])
   and exists (select from installation i where i.account_id = u.account_id and i.state = 'active')`;

/** $1 account · $2 how many */
export const CLAIM_LOOKS = `
with due as materialized (
  select account_id, campaign_id, run, position from unknown_message
   where account_id = $1 and due_at <= now()
   order by due_at limit $2 for update skip locked),
claimed as (
  update unknown_message u set due_at = now() + make_interval(secs => ${LEASE_SECONDS})
    from due d
   where u.account_id = d.account_id and u.campaign_id = d.campaign_id and u.run = d.run and u.position = d.position
  returning u.*)
select u.account_id as "accountId", u.campaign_id as "campaignId", u.run, u.position, u.looks,
       coalesce(m.state = 'unknown' and c.phone is not null, false) as open, m.attempt,
       coalesce(m.sent_at, u.since) as "sentAt", r.content ->> 'channelId' as "channelId",
       coalesce(r.content ->> 'provider', 'host') as provider, c.phone
  from claimed u
  left join message m on m.account_id = u.account_id and m.campaign_id = u.campaign_id and m.run = u.run and m.position = u.position
  left join run r on r.account_id = u.account_id and r.campaign_id = u.campaign_id and r.run = u.run
  left join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id and c.list_id = m.list_id and c.row_no = m.row_no`;

const THIS = 'account_id = $1 and campaign_id = $2 and run = $3 and position = $4';

export const SETTLED = `delete from unknown_message where ${THIS}`;

/** It is asked about again, after so many seconds ($5). */
export const NOT_KNOWN_YET = `
update unknown_message set looks = looks + 1, due_at = now() + make_interval(secs => $5) where ${THIS}`;

/** For the last time: a person decides, and is told so. */
export const NEVER_KNOWN = `
with given_up as (${SETTLED})
update message set reason = '${NOT_KNOWN}' where ${THIS} and state = 'unknown'`;

/** The provider does not say. That counts as no look; after a day of it nobody is asked any more. */
export const CANNOT_TELL = `
delete from unknown_message where ${THIS} and since < now() - interval '${CANNOT_TELL_HOURS} hours'`;

/** It is left alone for a while, with everything of the account ($1). */
export const PUT_OFF_ACCOUNT = `
with due as materialized (
  select account_id, campaign_id, run, position from unknown_message
   where account_id = $1 and due_at < now() + interval '${CANNOT_TELL_PAUSE_SECONDS} s'
   order by due_at for update skip locked)
update unknown_message u set due_at = now() + interval '${CANNOT_TELL_PAUSE_SECONDS} s'
  from due d
 where u.account_id = d.account_id and u.campaign_id = d.campaign_id and u.run = d.run and u.position = d.position`;
