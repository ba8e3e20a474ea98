import type { EntityManager } from 'typeorm';

/** A host's word as it came, by webhook or by its feed of events. */
export interface Incoming {
  /** The webhook's id: hosts repeat what they are not sure of, and it tells a repeat, whichever way it came. */
  id: string;
  body: unknown;
}

/** Stores what is not there yet; `inbox-processor.ts` understands it afterwards. */
export async function storeIncoming(
  manager: EntityManager,
  accountId: number,
  incoming: readonly Incoming[],
): Promise<void> {
  if (incoming.length === 0) return;
  await manager.query(
    `insert into inbox (account_id, id, body)
     select $1, id, body::jsonb from unnest($2::text[], $3::text[]) as event (id, body)
         on conflict do nothing`,
    [accountId, incoming.map(({ id }) => id), incoming.map(({ body }) => JSON.stringify(body, storable))],
  );
}

/** PostgreSQL's text holds neither NUL nor half of a surrogate pair; a customer's message may. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value;
}
