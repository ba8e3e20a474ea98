/** Sums over the accounting identity, for the screen. */
import { ACCOUNT_PARTS, type RowAccount } from '../../../contract/message-states.ts';

export type AccountPart = (typeof ACCOUNT_PARTS)[number];

/** Handed over to the provider, whatever became of it. */
export function handedOver(account: RowAccount): number {
  return account.sent + account.delivered + account.read + account.failed + account.unknown;
}

/** Rows that this run writes to. */
export function toWrite(account: RowAccount): number {
  return handedOver(account) + account.queued + account.sending;
}

/** Each step of the funnel counts those that went further too. */
export function funnel(
  account: RowAccount,
  replied: number,
): { key: 'sent' | 'delivered' | 'read' | 'replied'; count: number }[] {
  const read = account.read;
  const delivered = read + account.delivered;
  return [
    { key: 'sent', count: delivered + account.sent },
    { key: 'delivered', count: delivered },
    { key: 'read', count: read },
    { key: 'replied', count: replied },
  ];
}
