import type { EntityManager } from 'typeorm';
import { rowsOf } from '../database/rows.ts';

export interface CampaignKey {
  accountId: number;
  campaignId: number;
}

/** What people and the system have made of a campaign, in a word that is another after each change. */
export interface Mark {
  mark: string;
  /** The app in the account, while it is switched on. */
  installationId: string | null;
  /** Of the account. */
  timeZone: string;
}

/**
 * By key, a few columns each: cheap enough to be asked twice a second, whichever process made the change. The cursor
 * is not among them, as it moves with every grant; what sending does is seen by counting.
 */
const MARKS = `
select k.account_id, k.campaign_id, i.id as installation_id, a.time_zone,
       concat_ws(' ', a.time_zone, c.state, c.run, c.pause_reason, c.pause_detail, c.rate, c.last_position, c.scheduled_for, s.xmin) as mark
  from unnest($1::int[], $2::int[]) as k (account_id, campaign_id)
  join campaign c on c.account_id = k.account_id and c.id = k.campaign_id
  join campaign_settings s on s.account_id = c.account_id and s.campaign_id = c.id and s.archived_at is null
  join account a on a.id = c.account_id
  left join installation i on i.account_id = c.account_id and i.state = 'active'`;

/** @returns by `nameOf`; without those that have been removed */
export async function readMarks(
  manager: EntityManager,
  campaigns: readonly CampaignKey[],
): Promise<Map<string, Mark>> {
  const rows = await rowsOf<{
    account_id: number;
    campaign_id: number;
    installation_id: string | null;
    time_zone: string;
    mark: string;
  }>(manager, MARKS, [
    campaigns.map(({ accountId }) => accountId),
    campaigns.map(({ campaignId }) => campaignId),
  ]);
  return new Map(
    rows.map((row) => [
      nameOf({ accountId: row.account_id, campaignId: row.campaign_id }),
      { mark: row.mark, installationId: row.installation_id, timeZone: row.time_zone },
    ]),
  );
}

export function nameOf({ accountId, campaignId }: CampaignKey): string {
  return `${accountId}:${campaignId}`;
}
