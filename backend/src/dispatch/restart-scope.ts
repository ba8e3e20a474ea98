/**
 * Whom a Restart of a part writes to. With duplicates removed it is a question about numbers: one that the last run
 * reached by any of its rows is left alone, and any other gets one message, by its first row in the files that are
 * loaded. With duplicates allowed each row is asked about by itself.
 */
import type { EntityManager } from 'typeorm';
import type { RestartScope } from '../../../contract/campaign-states.ts';
import { rowsOf } from '../database/rows.ts';
import type { RunKey } from './enqueue.ts';

export type PartScope = Exclude<RestartScope, 'all'>;

/**
 * `again`: the row's message asks for another. `done`: its number must not get one. Where nobody knows (`sent`,
 * `unknown`) only `undelivered` writes again: a person asked for it, knowing the risk.
 */
const RULES: Record<PartScope, { again: string; done: string }> = {
  failed: {
    again: `m.state = 'failed' and coalesce(m.reason, '') not in ('recipient_opted_out', 'recipient_invalid')`,
    done: `m.state in ('sent', 'unknown', 'delivered', 'read')
           or (m.state = 'failed' and coalesce(m.reason, '') in ('recipient_opted_out', 'recipient_invalid'))`,
  },
  undelivered: {
    again: `m.state in ('sent', 'unknown', 'failed') and coalesce(m.reason, '') <> 'recipient_opted_out'`,
    done: `m.state in ('delivered', 'read') or (m.state = 'failed' and coalesce(m.reason, '') = 'recipient_opted_out')`,
  },
};

const ROWS_OF_LAST_RUN = `
    from message m
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
    join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id`;

/** $1 account, $2 campaign, $3 the last run. A query of rows with their place and whether they are queued or stopped. */
function part(scope: PartScope, removeDuplicates: boolean): string {
  const { again, done } = RULES[scope];
  const run = 'm.account_id = $1 and m.campaign_id = $2 and m.run = $3';
  const chosen = removeDuplicates
    ? `select distinct on (c.phone) c.phone, m.list_id, m.row_no, l.slot ${ROWS_OF_LAST_RUN}
         join (select c.phone ${ROWS_OF_LAST_RUN} where ${run}
                group by c.phone having bool_or(${again}) and not bool_or(${done})) open on open.phone = c.phone
        where ${run} and l.removed_at is null
        order by c.phone, l.slot = 'additional', m.row_no`
    : `select c.phone, m.list_id, m.row_no, l.slot ${ROWS_OF_LAST_RUN}
        where ${run} and l.removed_at is null and ${again}`;
  return `
    select chosen.list_id, chosen.row_no, chosen.slot,
           (case when stop.phone is null then 'queued' else 'stopped' end)::message_state as state
      from (${chosen}) chosen
      left join stop_list stop on stop.account_id = $1 and stop.phone = chosen.phone`;
}

/** A new run for a part of the last one. @returns how many were queued */
export async function enqueueFromRun(
  manager: EntityManager,
  key: RunKey,
  fromRun: number,
  scope: PartScope,
  removeDuplicates: boolean,
): Promise<number> {
  const [placed] = await rowsOf<{ queued: number }>(
    manager,
    `with placed as (
       insert into message (account_id, campaign_id, run, position, list_id, row_no, state)
       select $1, $2, $4, row_number() over (order by p.state <> 'queued', p.slot = 'additional', p.row_no),
              p.list_id, p.row_no, p.state
         from (${part(scope, removeDuplicates)}) p
       returning state)
     update campaign set last_position = (select count(*) from placed)
      where account_id = $1 and id = $2
     returning (select count(*)::int from placed where state = 'queued') as queued`,
    [key.accountId, key.campaignId, fromRun, key.run],
  );
  return placed!.queued;
}

/** How many that would queue now. */
export async function countPart(
  manager: EntityManager,
  last: RunKey,
  scope: PartScope,
  removeDuplicates: boolean,
): Promise<number> {
  const [counted] = await rowsOf<{ queued: number }>(
    manager,
    `select (count(*) filter (where p.state = 'queued'))::int as queued from (${part(scope, removeDuplicates)}) p`,
    [last.accountId, last.campaignId, last.run],
  );
  return counted!.queued;
}
