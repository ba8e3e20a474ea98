/** Sums over the accounting identity, for the screen. */
import { ACCOUNT_PARTS, type RowAccount } from '../../../contract/message-states.ts';
import type { RestartScope } from '../../../contract/campaign-states.ts';

export type AccountPart = (typeof ACCOUNT_PARTS)[number];

/** Handed over to the provider, whatever became of it. */
export function handedOver(account: RowAccount): number {
  return account.sent + account.delivered + account.read + account.failed + account.unknown;
}

/** Rows that this run writes to. */
export function toWrite(account: RowAccount): number {
  return handedOver(account) + account.queued + account.sending;
}

/** How many a Restart would write to at most; the server leaves out what may not be tried again. */
export function restartCounts(account: RowAccount): Record<RestartScope, number> {
  return {
    all: account.rows - account.refused - account.duplicates - account.stopped,
    failed: account.failed,
    undelivered: account.failed + account.sent + account.unknown,
  };
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
