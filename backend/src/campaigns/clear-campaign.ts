import type { EntityManager } from 'typeorm';
import { planForManyRows } from '../database/rows.ts';
import type { CampaignRow } from './campaign-state.ts';

/**
 * Removes the lists, the contacts and everything queued of a locked campaign. What was sent, or may have been,
 * stays with its contacts for the report; how many rows went is kept with the run, so that its account still adds up.
 */
export async function clearCampaign(manager: EntityManager, row: CampaignRow): Promise<void> {
  const key = [row.account_id, row.id];
  await planForManyRows(manager);
  if (row.state !== 'scheduled') await clearRun(manager, row);
  await manager.query(
    `delete from contact c
      where c.account_id = $1 and c.campaign_id = $2
        and not exists (select from message m
                         where m.account_id = $1 and m.campaign_id = $2
                           and m.list_id = c.list_id and m.row_no = c.row_no)`,
    key,
  );
  await manager.query(
    'delete from dispatch_grant where account_id = $1 and campaign_id = $2 and owner is null',
    key,
  );
  await manager.query(
    'update list set removed_at = now() where account_id = $1 and campaign_id = $2 and removed_at is null',
    key,
  );
  await manager.query(
    'update campaign set cursor = 0, last_position = 0 where account_id = $1 and id = $2',
    key,
  );
}

async function clearRun(manager: EntityManager, row: CampaignRow): Promise<void> {
  const key = [row.account_id, row.id];
  await manager.query(
    `update run r
        set finished_at = coalesce(r.finished_at, now()),
            cleared = jsonb_build_object(
              'refused', (select coalesce(sum(l.refused), 0) from list l
                           where l.account_id = $1 and l.campaign_id = $2 and r.scope = 'all'
                             and l.uploaded_at <= coalesce(r.finished_at, 'infinity')
                             and (l.removed_at is null or l.removed_at > r.started_at)),
              'duplicates', gone.duplicates, 'stopped', gone.stopped, 'cancelled', gone.cancelled)
       from (select count(*) filter (where state = 'duplicate') as duplicates,
                    count(*) filter (where state = 'stopped') as stopped,
                    count(*) filter (where state in ('queued', 'cancelled') and not ${IN_HAND}) as cancelled
               from message m
              where m.account_id = $1 and m.campaign_id = $2 and m.run = $3) gone
      where r.account_id = $1 and r.campaign_id = $2 and r.run = $3`,
    [...key, row.run],
  );
  await manager.query(
    `delete from message m
      where m.account_id = $1 and m.campaign_id = $2 and m.run = $3
        and m.state in ('queued', 'cancelled', 'duplicate', 'stopped') and not ${IN_HAND}`,
    [...key, row.run],
  );
}

/** The message is granted and its answer may still come. */
const IN_HAND = `exists (
  select from dispatch_grant g
   where g.account_id = m.account_id and g.campaign_id = m.campaign_id and g.run = m.run
     and g.owner is not null and m.position > g.low and m.position <= g.high)`;
