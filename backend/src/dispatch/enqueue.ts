import type { EntityManager } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { withRegion } from '../ranges/zone-of.ts';
import { addParts, placingOf, zonesOf, type Placed } from './queue-parts.ts';

/** The run of a campaign whose row the caller has locked for update. */
export interface RunKey {
  accountId: number;
  campaignId: number;
  run: number;
}

/** From now on the run accounts for every row of these files, the refused ones included. */
export async function addToRun(
  manager: EntityManager,
  key: RunKey,
  listIds: readonly number[],
): Promise<void> {
  await manager.query(
    `insert into run_list (account_id, campaign_id, run, list_id) select $1, $2, $3, unnest($4::int[])`,
    [key.accountId, key.campaignId, key.run, listIds],
  );
}

/** What a contact `c` of the list $4 is looked up in: the stop list, and the numbers that the run has already. */
const OUTSIDE = `left join stop_list stop on stop.account_id = c.account_id and stop.phone = c.phone
    left join (select distinct other.phone
                 from message m
                 join contact other on other.account_id = m.account_id and other.campaign_id = m.campaign_id
                  and other.list_id = m.list_id and other.row_no = m.row_no
                 join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
                where $5 and m.account_id = $1 and m.campaign_id = $2 and m.run = $3
                  and (m.state not in ('cancelled', 'duplicate', 'stopped')
                       or (m.state = 'duplicate' and l.slot = 'main' and l.removed_at is null and l.id <> $4))) taken
           on taken.phone = c.phone`;

/**
 * Gives every row of a list that has a phone its message in the run: queued, or left out as a duplicate or as
 * stopped. What is left out stands behind what is queued, so that the queue has no holes; what is queued stands in the
 * order of the file, or first of the recipients' zones where their clocks count. With duplicates
 * removed, a number that this run has written to or will write to is never queued a second time; nor is one of the
 * additional file that the main one has, even where the main one's row is a duplicate whose other has just been removed:
 * it is about to be queued.
 */
const LIST_ROWS = (region: string) => `
    from contact c
    ${OUTSIDE} ${region}
   where c.account_id = $1 and c.campaign_id = $2 and c.list_id = $4 and c.phone is not null`;

/**
 * The same for rows of a list that were put right while the run was under way. One of a part of the last run does not
 * write to the whole list: it takes those of an earlier run's list whose numbers no loaded file had.
 */
const CORRECTED_ROWS = (region: string) => `
    from correction k
    join contact c on c.account_id = k.account_id and c.campaign_id = k.campaign_id and c.list_id = k.list_id
     and c.row_no = k.row_no
    ${OUTSIDE} ${region}
   where k.account_id = $1 and k.campaign_id = $2 and k.list_id = $4 and k.run = $3 and k.joined
     and k.row_no not in (select row_no from message
                           where account_id = $1 and campaign_id = $2 and run = $3 and list_id = $4)
     and (exists (select from run_list
                   where account_id = $1 and campaign_id = $2 and run = $3 and list_id = $4)
          or (exists (select from run_list where account_id = $1 and campaign_id = $2 and list_id = $4)
              and not ($5 and (c.repeated or c.phone in (
                    select o.phone from contact o
                      join list l on l.account_id = o.account_id and l.campaign_id = o.campaign_id and l.id = o.list_id
                     where o.account_id = $1 and o.campaign_id = $2 and l.id <> $4 and l.removed_at is null
                       and o.phone is not null)))))`;

/**
 * Gives contacts `c` their messages. $1–$3 the run, $4 the list, $5 whether duplicates are removed
 * @param byZone in the order of the recipients' zones
 */
function queue(contacts: (region: string) => string, byZone: boolean): string {
  return `
with candidate as (
  select c.row_no,
         (case when stop.phone is not null then 'stopped'
               when $5 and (c.repeated or taken.phone is not null) then 'duplicate'
               else 'queued' end)::message_state as state,
         ${byZone ? 'region.zone' : 'null::text'} as zone ${contacts(byZone ? withRegion('c.phone') : '')}),
placed as (
  insert into message (account_id, campaign_id, run, position, list_id, row_no, state)
  select $1, $2, $3, k.last_position + row_number() over (order by n.state <> 'queued', n.zone, n.row_no), $4, n.row_no, n.state
    from candidate n, campaign k
   where k.account_id = $1 and k.id = $2
  returning state)
update campaign
   set last_position = last_position + (select count(*) from placed)
 where account_id = $1 and id = $2
returning (select count(*)::int from placed) as placed,
          (select count(*)::int from placed where state = 'queued') as queued,
          ${byZone ? zonesOf(`candidate where state = 'queued'`) : 'null::json'} as zones`;
}

/** @returns how many were queued */
export function enqueueList(
  manager: EntityManager,
  key: RunKey,
  listId: number,
  removeDuplicates: boolean,
): Promise<number> {
  return enqueue(manager, LIST_ROWS, key, listId, removeDuplicates);
}

/**
 * Puts the rows of a list that were corrected in this run, and have no message in it yet, behind the others.
 * @returns how many were queued
 */
export function enqueueCorrected(
  manager: EntityManager,
  key: RunKey,
  listId: number,
  removeDuplicates: boolean,
): Promise<number> {
  return enqueue(manager, CORRECTED_ROWS, key, listId, removeDuplicates);
}

async function enqueue(
  manager: EntityManager,
  rows: (region: string) => string,
  key: RunKey,
  listId: number,
  removeDuplicates: boolean,
): Promise<number> {
  const parameters = [key.accountId, key.campaignId, key.run, listId, removeDuplicates];
  const placing = await placingOf(manager, key);
  const statement = queue(rows, placing.byZone);
  const [done] = await rowsOf<Placed>(manager, statement, parameters);
  await addParts(manager, key, placing, done!);
  return done!.queued;
}
