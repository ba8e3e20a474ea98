import type { EntityManager } from 'typeorm';
import { isUnderWay } from '../../../contract/campaign-states.ts';
import type { ListRemoval, ListSlot } from '../../../contract/list.ts';
import type { CampaignRow } from '../campaigns/campaign-state.ts';
import { planForManyRows, rowsOf } from '../database/rows.ts';
import type { RunKey } from '../dispatch/enqueue.ts';
import { withdrawList } from '../dispatch/withdraw.ts';
import { ProblemError } from '../errors.ts';
import { loadedLists, type ListRow } from './list-rows.ts';

export function runKey(row: CampaignRow): RunKey {
  return { accountId: row.account_id, campaignId: row.id, run: row.run };
}

/** Whether a file's removal withdraws messages that others were left out for as duplicates. */
export function leavesGaps(row: CampaignRow): boolean {
  return isUnderWay(row.state) && row.on_file_removal === 'remove' && row.remove_duplicates;
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
  if (isUnderWay(row.state) && row.on_file_removal === 'remove')
    await withdrawList(manager, runKey(row), list.id);
  return true;
}

/** What `removeLoaded` would do now; a moment later it may be a few messages less. @throws ProblemError `list_not_found` */
export async function removalEffect(
  manager: EntityManager,
  row: CampaignRow,
  slot: ListSlot,
): Promise<ListRemoval> {
  const lists = await loadedLists(manager, row.account_id, row.id);
  const list = lists.find((each) => each.slot === slot);
  if (!list) throw new ProblemError('list_not_found');
  if (row.state === 'draft' || row.state === 'scheduled') return beforeRun(row, list, lists);
  await planForManyRows(manager);
  const [counts] = await rowsOf<Pick<ListRemoval, 'written' | 'sending' | 'waiting' | 'byOther'>>(
    manager,
    REMOVAL_EFFECT,
    [row.account_id, row.id, row.run, list.id, leavesGaps(row)],
  );
  return { ...counts!, rule: row.on_file_removal };
}

/** Nothing is queued: the file's contacts go, and what it had before the other one counts there. */
function beforeRun(row: CampaignRow, list: ListRow, lists: readonly ListRow[]): ListRemoval {
  const once = row.remove_duplicates;
  const other = lists.find(({ id }) => id !== list.id);
  return {
    written: 0,
    sending: 0,
    waiting: once ? list.contacts - list.duplicates_of_other : list.contacts + list.duplicates,
    rule: 'remove',
    byOther: once ? (other?.duplicates_of_other ?? 0) : 0,
  };
}

/** $1–$3 the run · $4 the list · $5 whether another file's duplicates would be queued instead */
const REMOVAL_EFFECT = `
with held as materialized (
  select low, high from dispatch_grant
   where account_id = $1 and campaign_id = $2 and run = $3 and owner is not null),
mine as materialized (
  select m.row_no, case when m.state = 'queued' then
                          case when exists (select from held h where m.position > h.low and m.position <= h.high)
                               then 'sending' when m.in_doubt then 'written' else 'waiting' end
                        when m.state in ('cancelled', 'duplicate', 'stopped') then 'out' else 'written' end as part
    from message m
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.list_id = $4)
select (count(*) filter (where part = 'written'))::int as written,
       (count(*) filter (where part = 'sending'))::int as sending,
       (count(*) filter (where part = 'waiting'))::int as waiting,
       (select count(distinct c.phone)::int
          from message m
          join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
          join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
           and c.list_id = m.list_id and c.row_no = m.row_no
          left join stop_list stop on stop.account_id = c.account_id and stop.phone = c.phone
         where $5 and m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.list_id <> $4
           and m.state = 'duplicate' and l.removed_at is null and stop.phone is null
           and c.phone in (select own.phone from mine
                             join contact own on own.account_id = $1 and own.campaign_id = $2
                              and own.list_id = $4 and own.row_no = mine.row_no
                            where mine.part = 'waiting')) as "byOther"
  from mine`;
