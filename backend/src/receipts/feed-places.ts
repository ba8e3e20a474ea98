/** The statements about how far the hosts' feeds of events are read. */

/** While receipts are likely, and while only a late one or an answer may come. */
const BUSY_PAUSE = `interval '1 minute'`;
const CALM_PAUSE = `interval '1 hour'`;
/** A host that has no feed is asked for one again after this. */
const MISSING_PAUSE = `interval '1 day'`;
/** The pause after trouble doubles, up to this; the exponent is bounded, because 2^1024 is more than a float holds. */
const TROUBLE_PAUSE = `make_interval(mins => least(60, power(2, least(failures, 20)))::int)`;

/** Something is being sent or was sent in the last day. */
const BUSY = `(
  exists (select from campaign c where c.account_id = i.account_id and c.state in ('running', 'paused'))
  or exists (select from run r where r.account_id = i.account_id and r.finished_at > now() - interval '1 day'))`;

/**
 * $1 accounts that are being asked · $2 when this process began: what was read before may be long ago.
 * Of accounts whose app is off nobody is asked.
 */
export const DUE_FEEDS = `
select i.account_id
  from installation i
  left join event_feed f on f.account_id = i.account_id and f.installation_id = i.id
 where i.state = 'active' and i.account_id <> all ($1::int[])
   and (f.account_id is null
        or f.not_before <= now()
           and (f.read_at < $2 or f.read_at < now() - ${CALM_PAUSE} or f.read_at < now() - ${BUSY_PAUSE} and ${BUSY}))`;

/** $1 account. Gives the installation and the place to go on from; other processes find it read. */
export const CLAIM_FEED = `
insert into event_feed (account_id, installation_id)
select account_id, id from installation where account_id = $1 and state = 'active'
    on conflict (account_id, installation_id) do update set read_at = now()
returning installation_id as "installationId", place`;

const THIS = 'account_id = $1 and installation_id = $2';

/** $3 the new place, $4 the one it was read from: whoever else has moved on meanwhile has stored the same. */
export const MOVE_ON = `
update event_feed set place = $3, failures = 0 where ${THIS} and place is not distinct from $4`;

export const HAS_NO_FEED = `update event_feed set not_before = now() + ${MISSING_PAUSE}, failures = 0 where ${THIS}`;

export const IN_TROUBLE = `
update event_feed set not_before = now() + ${TROUBLE_PAUSE}, failures = failures + 1 where ${THIS}`;
