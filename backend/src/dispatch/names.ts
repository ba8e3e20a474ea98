/** Keys by which a process knows a run and a channel in memory; a run's is also the beginning of its references. */
export function runOf({
  accountId,
  campaignId,
  run,
}: {
  accountId: number;
  campaignId: number;
  run: number;
}): string {
  return `${accountId}:${campaignId}:${run}`;
}

/** A message's key at its provider, and what receipts and look-ups tell it by. */
export function referenceOf(
  run: { accountId: number; campaignId: number; run: number },
  { position }: { position: number },
): string {
  return `${runOf(run)}:${position}`;
}

export function channelOf({ accountId, channelId }: { accountId: number; channelId: string }): string {
  return `${accountId} ${channelId}`;
}
