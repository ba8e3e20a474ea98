import type { MessageState } from '../../../contract/message-states.ts';
import { boolArray, float8Array, int2Array, int4Array, textArray } from './binary-array.ts';
import type { DispatchDatabase, Statement } from './dispatch-database.ts';
import { toBeLookedUp } from './unknown-messages.ts';

/** What became of one message. `queued`: it did not leave and waits for its grant to be handed out again. */
export interface Outcome {
  accountId: number;
  campaignId: number;
  run: number;
  position: number;
  state: MessageState;
  attempt: number;
  /** Of a queued one: it may have left already, and is to be asked about again. */
  inDoubt: boolean;
  segments: number | null;
  reason: string | null;
  detail: string | null;
  /** Milliseconds since 1970, when it was handed over. */
  sentAt: number | null;
  providerId: string | null;
  channelId: string;
  phone: string;
}

/** What becomes of a grant: done with, or given back for what is still queued in it, after so many milliseconds. */
export interface GrantEnd {
  accountId: number;
  campaignId: number;
  run: number;
  low: number;
  high: number;
  lease: string;
  giveBackAfterMs: number | null;
}

/**
 * Outcomes of all campaigns at once. Safe to repeat after a lost answer: a state only moves forward. An outcome is
 * a fact and is taken whoever brings it; only the grant asks for its owner and its lease, so that a process cannot
 * end what another, or it itself meanwhile, has taken over. A message that stays queued keeps its reason: it may be
 * marked for being taken out (`list_removed`).
 */
const RECORD: Statement = {
  name: 'record',
  text: `
with outcome as (
  select * from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::text[]::message_state[], $6::smallint[], $7::bool[], $8::smallint[],
                       $9::text[], $10::text[], $11::float8[], $12::text[], $13::text[])
    as o (account_id, campaign_id, run, position, state, attempt, in_doubt, segments, reason, detail, sent_at, provider_id, recipient)),
settled as (
  update message m
     set state = greatest(m.state, o.state), attempt = greatest(m.attempt, o.attempt), in_doubt = m.in_doubt or o.in_doubt,
         segments = coalesce(o.segments, m.segments),
         reason = case when m.state < o.state then o.reason else m.reason end,
         detail = case when m.state < o.state then o.detail else m.detail end,
         sent_at = coalesce(m.sent_at, to_timestamp(o.sent_at / 1000)), provider_id = coalesce(m.provider_id, o.provider_id)
    from outcome o
   where m.account_id = o.account_id and m.campaign_id = o.campaign_id and m.run = o.run and m.position = o.position
     and (m.state < o.state
          or (m.state = 'queued' and o.state = 'queued' and (m.attempt < o.attempt or o.in_doubt and not m.in_doubt))
          -- a receipt was faster than the answer that carries the id
          or (m.provider_id is null and o.provider_id is not null))),
mapped as (
  insert into provider_message (account_id, campaign_id, run, position, id_key, recipient_key)
  select account_id, campaign_id, run, position, lookup_key(account_id, provider_id), lookup_key(account_id, recipient)
    from outcome where provider_id is not null),
looked_up as (${toBeLookedUp('outcome')})
select end_grants($14::int[], $15::int[], $16::int[], $17::int[], $18::timestamptz[], $19::float8[], $20::uuid)`,
};

/** @param owner whose grants end; null where none does */
export async function record(
  database: DispatchDatabase,
  owner: string | null,
  outcomes: readonly Outcome[],
  endings: readonly GrantEnd[],
): Promise<void> {
  await database.rows(RECORD, [
    int4Array(outcomes.map((each) => each.accountId)),
    int4Array(outcomes.map((each) => each.campaignId)),
    int4Array(outcomes.map((each) => each.run)),
    int4Array(outcomes.map((each) => each.position)),
    textArray(outcomes.map((each) => each.state)),
    int2Array(outcomes.map((each) => each.attempt)),
    boolArray(outcomes.map((each) => each.inDoubt)),
    int2Array(outcomes.map((each) => each.segments)),
    textArray(outcomes.map((each) => each.reason)),
    textArray(outcomes.map((each) => each.detail)),
    float8Array(outcomes.map((each) => each.sentAt)),
    textArray(outcomes.map((each) => each.providerId)),
    textArray(outcomes.map((each) => recipientOf(each.channelId, each.phone))),
    int4Array(endings.map((each) => each.accountId)),
    int4Array(endings.map((each) => each.campaignId)),
    int4Array(endings.map((each) => each.run)),
    int4Array(endings.map((each) => each.low)),
    endings.map((each) => each.lease),
    float8Array(endings.map((each) => each.giveBackAfterMs)),
    owner,
  ]);
}

/** What a reply is matched by when it quotes nothing: the phone, on the channel it was written to. */
export function recipientOf(channelId: string, phone: string): string {
  return `${channelId} ${phone}`;
}
