import * as v from 'valibot';

/**
 * States of a message, in the order in which they may replace each other: a change is taken only when it
 * moves to the right. Answers and receipts may therefore come early, late or twice, in any order.
 * `failed` stands before `delivered` on purpose: a provider that says "failed" and then "delivered" delivered it.
 * PostgreSQL holds the same list as the ordered enum `message_state` (checked by a test).
 */
export const MESSAGE_STATES = [
  'queued',
  'cancelled',
  'duplicate',
  'stopped',
  'unknown',
  'sent',
  'failed',
  'delivered',
  'read',
] as const;
export type MessageState = (typeof MESSAGE_STATES)[number];

export const Count = v.pipe(v.number(), v.integer(), v.minValue(0));

/** The accounting identity: `rows` equals the sum of all the other numbers, always. Every number counts rows of the files. */
export const RowAccountSchema = v.object({
  rows: Count,
  refused: Count,
  duplicates: Count,
  stopped: Count,
  cancelled: Count,
  queued: Count,
  sending: Count,
  sent: Count,
  delivered: Count,
  read: Count,
  failed: Count,
  unknown: Count,
});
export type RowAccount = v.InferOutput<typeof RowAccountSchema>;

/** The parts of the account in the order in which they are shown; their sum is `rows`. */
export const ACCOUNT_PARTS = [
  'refused',
  'duplicates',
  'stopped',
  'cancelled',
  'queued',
  'sending',
  'sent',
  'delivered',
  'read',
  'failed',
  'unknown',
] as const satisfies readonly Exclude<keyof RowAccount, 'rows'>[];

export function emptyAccount(): RowAccount {
  return {
    rows: 0,
    refused: 0,
    duplicates: 0,
    stopped: 0,
    cancelled: 0,
    queued: 0,
    sending: 0,
    sent: 0,
    delivered: 0,
    read: 0,
    failed: 0,
    unknown: 0,
  };
}

export function accountAddsUp(account: RowAccount): boolean {
  return account.rows === ACCOUNT_PARTS.reduce((sum, part) => sum + account[part], 0);
}
