import type { EntityManager } from 'typeorm';
import type { ListSlot } from '../../../contract/list.ts';
import type { CampaignRow } from '../campaigns/campaign-state.ts';
import { rowsOf } from '../database/rows.ts';
import type { RunKey } from '../dispatch/enqueue.ts';
import { withdrawList } from '../dispatch/withdraw.ts';
import { loadedLists } from './list-rows.ts';

export function isUnderWay({ state }: CampaignRow): boolean {
  return state === 'running' || state === 'paused';
}

export function runKey(row: CampaignRow): RunKey {
  return { accountId: row.account_id, campaignId: row.id, run: row.run };
}

/** Whether a file's removal withdraws messages that others were left out for as duplicates. */
export function leavesGaps(row: CampaignRow): boolean {
  return isUnderWay(row) && row.on_file_removal === 'remove' && row.remove_duplicates;
}

/**
 * Takes the file out of its field. One that no run has used goes with its rows; one that a run has used stays for the
 * report, and what is left of it in the queue goes or is still sent, as set.
 *
 * @returns whether there was one
 */
export async function removeLoaded(
  manager: EntityManager,
  row: CampaignRow,
  slot: ListSlot,
): Promise<boolean> {
  const list = (await loadedLists(manager, row.account_id, row.id)).find((each) => each.slot === slot);
  if (!list) return false;
  const key = [row.account_id, row.id, list.id];
  const [used] = await rowsOf(
    manager,
    'select 1 from run_list where account_id = $1 and campaign_id = $2 and list_id = $3 limit 1',
    key,
  );
  if (!used) {
    await manager.query(
      'delete from contact where account_id = $1 and campaign_id = $2 and list_id = $3',
      key,
    );
    await manager.query('delete from list where account_id = $1 and campaign_id = $2 and id = $3', key);
    return true;
  }
  await manager.query(
    'update list set removed_at = clock_timestamp() where account_id = $1 and campaign_id = $2 and id = $3',
    key,
  );
  if (isUnderWay(row) && row.on_file_removal === 'remove') await withdrawList(manager, runKey(row), list.id);
  return true;
}
