import type { EntityManager } from 'typeorm';
import * as v from 'valibot';
import { rowsOf } from '../database/rows.ts';

/** Any date JavaScript reads, in a year PostgreSQL holds, written the one way both understand. */
export const InstantSchema = v.pipe(
  v.string(),
  v.check((text) => Math.abs(Date.parse(text)) < Date.UTC(9999, 0)),
  v.transform((text) => new Date(text).toISOString()),
);

export const ReceiptSchema = v.object({
  type: v.literal('message.status'),
  data: v.object({
    message_id: v.string(),
    client_ref: v.optional(v.string(), ''),
    status: v.picklist(['queued', 'sent', 'delivered', 'read', 'failed']),
    error: v.optional(v.object({ code: v.string(), text: v.optional(v.string()) })),
    occurred_at: InstantSchema,
  }),
});

export type StoredReceipt = v.InferOutput<typeof ReceiptSchema>['data'] & { key: string; accountId: number };

/** account:campaign:run:position; of another account's reference nothing is taken. */
const REFERENCE = /^(\d{1,9}):(\d{1,9}):(\d{1,9}):(\d{1,9})$/;

/**
 * Receipts of a batch at once. A message is found by our own reference, or by the provider's id where the
 * reference is missing. States only move forward, so order and repeats do not matter; each time is kept as the
 * earliest that was told.
 *
 * @returns the keys of those whose message is not known
 */
export async function applyReceipts(
  manager: EntityManager,
  receipts: readonly StoredReceipt[],
): Promise<string[]> {
  if (receipts.length === 0) return [];
  const references = receipts.map((receipt) => {
    const match = REFERENCE.exec(receipt.client_ref);
    return match && Number(match[1]) === receipt.accountId ? match.slice(2).map(Number) : null;
  });
  const rows = await rowsOf<{ key: string }>(manager, APPLY, [
    receipts.map((each) => each.key),
    receipts.map((each) => each.accountId),
    references.map((each) => each?.[0] ?? null),
    references.map((each) => each?.[1] ?? null),
    references.map((each) => each?.[2] ?? null),
    receipts.map((each) => each.message_id),
    receipts.map((each) => (each.status === 'queued' ? 'sent' : each.status)),
    receipts.map((each) => each.occurred_at),
    receipts.map((each) => each.error?.code ?? null),
    receipts.map((each) => each.error?.text ?? null),
  ]);
  const known = new Set(rows.map(({ key }) => key));
  return receipts.filter(({ key }) => !known.has(key)).map(({ key }) => key);
}

const APPLY = `
with receipt as (
  select r.key, r.account_id, coalesce(r.campaign_id, p.campaign_id) as campaign_id, coalesce(r.run, p.run) as run,
         coalesce(r.position, p.position) as position, r.state, r.at, r.code, r.text
    from unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::int[], $6::text[], $7::message_state[], $8::timestamptz[],
                $9::text[], $10::text[])
      as r (key, account_id, campaign_id, run, position, provider_id, state, at, code, text)
    left join lateral (
      select p.campaign_id, p.run, p.position
        from provider_message p
        join message m on m.account_id = p.account_id and m.campaign_id = p.campaign_id and m.run = p.run
         and m.position = p.position and m.provider_id = r.provider_id
       where r.position is null and p.account_id = r.account_id and p.id_key = lookup_key(r.account_id, r.provider_id)
       order by p.at desc limit 1) p on true),
best as (
  select account_id, campaign_id, run, position, max(state) as state,
         min(at) filter (where state = 'sent') as sent_at,
         min(at) filter (where state = 'delivered') as delivered_at,
         min(at) filter (where state = 'read') as read_at,
         max(code) as code, max(text) as text
    from receipt where position is not null
   group by account_id, campaign_id, run, position),
moved as (
  update message m
     set state = greatest(m.state, b.state),
         sent_at = coalesce(m.sent_at, b.sent_at, b.delivered_at, b.read_at),
         delivered_at = coalesce(m.delivered_at, b.delivered_at),
         read_at = coalesce(m.read_at, b.read_at),
         reason = case when m.state < b.state then case b.state when 'failed' then coalesce(b.code, 'refused') end else m.reason end,
         detail = case when m.state < b.state then case b.state when 'failed' then b.text end else m.detail end
    from best b
   where m.account_id = b.account_id and m.campaign_id = b.campaign_id and m.run = b.run and m.position = b.position
     and m.state not in ('cancelled', 'duplicate', 'stopped')
     and (m.state < b.state or (m.delivered_at is null and b.delivered_at is not null)
          or (m.read_at is null and b.read_at is not null)))
select r.key
  from receipt r
  join message m on m.account_id = r.account_id and m.campaign_id = r.campaign_id and m.run = r.run and m.position = r.position`;
