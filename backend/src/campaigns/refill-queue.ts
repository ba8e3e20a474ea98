import type { EntityManager } from 'typeorm';
import type { RestartScope } from '../../../contract/campaign-states.ts';
import type { RestartGroup } from '../../../contract/campaign.ts';
import { planForManyRows, rowsOf } from '../database/rows.ts';
import { enqueueCorrected, enqueueList } from '../dispatch/enqueue.ts';
import { emptyQueue } from '../dispatch/queue-parts.ts';
import { enqueueFromRun } from '../dispatch/restart-scope.ts';
import { loadedLists } from '../lists/list-rows.ts';
import { runKey } from '../lists/list-removal.ts';
import type { CampaignRow } from './campaign-state.ts';

/**
 * Makes the queue of a locked campaign's run anew, with duplicates removed or not.
 *
 * Danger: places in the queue are the keys messages are sent under, so this is for an untouched run only, of which no
 * place has ever been handed out.
 */
export async function refillQueue(
  manager: EntityManager,
  row: CampaignRow,
  removeDuplicates: boolean,
): Promise<void> {
  const key = runKey(row);
  const parameters = [key.accountId, key.campaignId, key.run];
  await planForManyRows(manager);
  await manager.query(
    'delete from message where account_id = $1 and campaign_id = $2 and run = $3',
    parameters,
  );
  await emptyQueue(manager, key, row.in_parts);
  const [run] = await rowsOf<{ scope: RestartScope; groups: RestartGroup[]; lists: number[] }>(
    manager,
    `update run r
        set content = jsonb_set(content, '{removeDuplicates}', to_jsonb($4::boolean))
      where account_id = $1 and campaign_id = $2 and run = $3
     returning scope, coalesce(groups, '[]') as groups, array(select list_id from run_list rl
                             where rl.account_id = r.account_id and rl.campaign_id = r.campaign_id and rl.run = r.run) as lists`,
    [...parameters, removeDuplicates],
  );
  const { scope, groups, lists } = run!;
  if (scope !== 'all') await enqueueFromRun(manager, key, key.run - 1, { scope, groups }, removeDuplicates);
  for (const { id } of await loadedLists(manager, key.accountId, key.campaignId)) {
    const enqueue = lists.includes(id) ? enqueueList : enqueueCorrected;
    await enqueue(manager, key, id, removeDuplicates);
  }
}
