/** The hours of the day in which a campaign sends, in its row, where every claim reads them (`dispatch/claim.ts`). */
import type { EntityManager } from 'typeorm';
import type { SendingHours } from '../../../contract/sending-hours.ts';
import { zoneInDatabase } from '../database/zones.ts';

/** Whoever looks after the campaign has its next turn in memory, so it is let go of. */
export async function saveHours(
  manager: EntityManager,
  { account_id, id }: { account_id: number; id: number },
  hours: SendingHours | null,
  timeZone: string,
): Promise<void> {
  const zone = hours && (await zoneInDatabase(manager, timeZone));
  await manager.query(
    `update campaign set hours_from = $3, hours_to = $4, hours_zone = $5, owner = null
      where account_id = $1 and id = $2`,
    [account_id, id, hours?.from ?? null, hours?.to ?? null, zone],
  );
}

/** The account has moved to another zone: its campaigns' hours are those of the new clock. */
export async function moveHours(manager: EntityManager, accountId: number, timeZone: string): Promise<void> {
  await manager.query(
    `update campaign set hours_zone = $2, owner = null
      where account_id = $1 and hours_zone <> $2`,
    [accountId, await zoneInDatabase(manager, timeZone)],
  );
}
