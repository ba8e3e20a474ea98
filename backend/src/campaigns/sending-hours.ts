/** The hours of the day in which a campaign sends, in its row, where every claim reads them (`dispatch/claim.ts`). */
import type { EntityManager } from 'typeorm';
import { isUnderWay } from '../../../contract/campaign-states.ts';
import type { SendingHours } from '../../../contract/sending-hours.ts';
import { zoneInDatabase } from '../database/zones.ts';
import { choosePart, forgetZones } from '../dispatch/queue-parts.ts';
import { ProblemError } from '../errors.ts';
import { runKey } from '../lists/list-removal.ts';
import { hasRanges } from '../ranges/load-ranges.ts';
import type { CampaignRow } from './campaign-state.ts';

/**
 * Of a locked campaign. Whoever looks after it has its next turn in memory, so it is let go of. Without hours it keeps
 * whose clock counted: a run that is under way can only go on by the recipients' clocks if it was begun by them.
 *
 * @throws ProblemError by whose clock the campaign cannot go
 */
export async function saveHours(
  manager: EntityManager,
  row: CampaignRow,
  hours: SendingHours | null,
  timeZone: string,
): Promise<void> {
  const byRecipient = hours ? hours.zone === 'recipient' : row.hours_by_recipient;
  if (byRecipient && !row.hours_by_recipient) await requireZones(manager, row);
  const zone = await zoneInDatabase(manager, timeZone);
  await manager.query(
    `update campaign
        set hours_from = $3, hours_to = $4, hours_zone = case when $3::time is not null then $5 end,
            hours_by_recipient = $6, owner = null
      where account_id = $1 and id = $2`,
    [row.account_id, row.id, hours?.from ?? null, hours?.to ?? null, zone, byRecipient],
  );
  if (!isUnderWay(row.state) || !row.in_parts) return;
  if (!byRecipient && row.hours_by_recipient) await forgetZones(manager, runKey(row), zone);
  await choosePart(manager, [runKey(row)]);
}

async function requireZones(manager: EntityManager, row: CampaignRow): Promise<void> {
  const refuse = (code: string) => new ProblemError('invalid', {}, [{ field: 'sendingHours', code }]);
  if (isUnderWay(row.state)) throw refuse('hours_zone_locked');
  if (!(await hasRanges(manager))) throw refuse('ranges_not_loaded');
}

/** The account has moved to another zone: its campaigns' hours are those of the new clock, but for recipients who have their own. */
export async function moveHours(manager: EntityManager, accountId: number, timeZone: string): Promise<void> {
  const key = [accountId, await zoneInDatabase(manager, timeZone)];
  const locked = 'select 1 from campaign where account_id = $1 and part_end is not null for no key update';
  await manager.query(locked, [accountId]);
  await manager.query('update queue_part set zone = $2 where account_id = $1 and of_account', key);
  await manager.query(
    `update campaign c set hours_zone = $2, owner = null
      where account_id = $1 and hours_zone <> $2
        and not exists (select from queue_part p
                         where p.account_id = c.account_id and p.campaign_id = c.id and p.run = c.run
                           and p.high = c.part_end and not p.of_account)`,
    key,
  );
}
