import type { EntityManager } from 'typeorm';
import type { Progress } from '../../../contract/campaign.ts';
import { rowsOf } from '../database/rows.ts';
import { fairShares } from '../dispatch/channel-pacing.ts';
import type { CampaignRow } from './campaign-state.ts';

const RIVALS = `
select c.id, c.rate, l.per_minute
  from channel_limit l
  join campaign c on c.account_id = l.account_id and c.channel_id = l.channel_id and c.state = 'running'
   and hours_wait(c.hours_from, c.hours_to, c.hours_zone) = 0
 where l.account_id = $1 and l.channel_id = $2`;

/**
 * How fast the limit of its channel lets a running campaign go at present.
 * @returns null where the channel does not hold it back
 */
export async function channelPace(
  manager: EntityManager,
  row: Pick<CampaignRow, 'account_id' | 'id' | 'state' | 'channel_id'>,
): Promise<Progress['channelPace']> {
  if (row.state !== 'running' || row.channel_id === null) return null;
  const found = await rowsOf<{ id: number; rate: number; per_minute: number }>(manager, RIVALS, [
    row.account_id,
    row.channel_id,
  ]);
  const at = found.findIndex(({ id }) => id === row.id);
  if (at < 0) return null;
  const limit = found[at]!.per_minute;
  const pace = fairShares(
    found.map(({ rate }) => rate),
    limit,
  )[at]!;
  if (pace >= found[at]!.rate) return null;
  return { limit, campaigns: found.length, perMinute: pace };
}
