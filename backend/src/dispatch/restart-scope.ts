/**
 * Whom a Restart of a part writes to. With duplicates removed it is a question about numbers: one that the last run
 * reached by any of its rows is left alone, and any other gets one message, by its first row in the files that are
 * loaded. With duplicates allowed each row is asked about by itself.
 */
import type { EntityManager } from 'typeorm';
import type { RestartScope } from '../../../contract/campaign-states.ts';
import type { RestartGroup } from '../../../contract/campaign.ts';
import { UNMAKEABLE } from '../../../contract/write-again.ts';
import { rowsOf } from '../database/rows.ts';
import { withRegion } from '../ranges/zone-of.ts';
import type { RunKey } from './enqueue.ts';
import { addParts, placingOf, zonesOf, type Placed } from './queue-parts.ts';

export type PartScope = Exclude<RestartScope, 'all'>;

/**
 * `again`: the row's message asks for another. `done`: its number must not get one. Where nobody knows (`sent`,
 * `unknown`) only `undelivered` writes again: a person asked for it, knowing the risk.
 */
/** $4, $5: states and reasons of the chosen groups; a message without a reason has the empty one. */
const CHOSEN = `(m.state::text, coalesce(m.reason, '')) in (select * from unnest($4::text[], $5::text[]))`;

const MAKEABLE = `coalesce(m.reason, '') not in (${UNMAKEABLE.map((reason) => `'${reason}'`).join(', ')})`;

const RULES: Record<PartScope, { again: string; done: string }> = {
  failed: {
    again: `m.state = 'failed' and coalesce(m.reason, '') not in ('recipient_opted_out', 'recipient_invalid')
            and ${MAKEABLE}`,
    done: `m.state in ('sent', 'unknown', 'delivered', 'read')
           or (m.state = 'failed' and coalesce(m.reason, '') in ('recipient_opted_out', 'recipient_invalid'))`,
  },
  undelivered: {
    again: `m.state in ('sent', 'unknown', 'failed') and coalesce(m.reason, '') <> 'recipient_opted_out'
            and ${MAKEABLE}`,
    done: `m.state in ('delivered', 'read') or (m.state = 'failed' and coalesce(m.reason, '') = 'recipient_opted_out')`,
  },
  // What is not chosen and may have arrived is left alone, as it was not said that it may come twice.
  chosen: {
    again: CHOSEN,
    done: `m.state in ('delivered', 'read') or (m.state in ('sent', 'unknown') and not ${CHOSEN})
           or (m.state = 'failed' and coalesce(m.reason, '') = 'recipient_opted_out')`,
  },
};

const ROWS_OF_LAST_RUN = `
    from message m
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
    join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id`;

/**
 * $1 account, $2 campaign, $3 the last run. What each scope would write to: a phone and its place, the main file before
 * the additional; a row that no message can be made of is nobody's place. In one pass: an array's minimum is the first
 * row, where `distinct on` would sort every row by its phone.
 */
function asked(removeDuplicates: boolean): string {
  const place = `array[(l.slot = 'additional')::int, m.row_no, m.list_id]`;
  const open = ({ again, done }: (typeof RULES)[PartScope]) => `bool_or(${again}) and not bool_or(${done})`;
  const rows = `${ROWS_OF_LAST_RUN} where m.account_id = $1 and m.campaign_id = $2 and m.run = $3`;
  const loaded = 'l.removed_at is null';
  const scopes = Object.entries(RULES);
  const each = (condition: (rule: (typeof RULES)[PartScope]) => string) =>
    scopes.map(([scope, rule]) => `${condition(rule)} as ${scope}`).join(', ');
  return removeDuplicates
    ? `select c.phone, min(${place}) filter (where ${loaded} and ${MAKEABLE}) as place, max(m.segments) as segments, ${each(open)}
         ${rows} group by c.phone having bool_or(${loaded} and ${MAKEABLE})`
    : `select c.phone, ${place} as place, m.segments, ${each(({ again }) => again)}
         ${rows} and ${loaded}`;
}

/** A new run for a part of the last one. @returns how many were queued */
export async function enqueueFromRun(
  manager: EntityManager,
  key: RunKey,
  fromRun: number,
  { scope, groups }: { scope: PartScope; groups: readonly RestartGroup[] },
  removeDuplicates: boolean,
): Promise<number> {
  const placing = await placingOf(manager, key);
  const { byZone } = placing;
  const [done] = await rowsOf<Placed>(
    manager,
    `with part as (
       select a.place, (case when stop.phone is null then 'queued' else 'stopped' end)::message_state as state,
              ${byZone ? 'region.zone' : 'null::text'} as zone
         from (${asked(removeDuplicates)}) a
         left join stop_list stop on stop.account_id = $1 and stop.phone = a.phone
         ${byZone ? withRegion('a.phone') : ''}
        where a.${scope}),
     placed as (
       insert into message (account_id, campaign_id, run, position, list_id, row_no, state)
       select $1, $2, $6, row_number() over (order by state <> 'queued', zone, place), place[3], place[2], state from part
       returning state)
     update campaign set last_position = (select count(*) from placed)
      where account_id = $1 and id = $2
     returning (select count(*)::int from placed) as placed,
               (select count(*)::int from placed where state = 'queued') as queued,
               ${byZone ? zonesOf(`part where state = 'queued'`) : 'null::json'} as zones`,
    [key.accountId, key.campaignId, fromRun, ...columnsOf(groups), key.run],
  );
  await addParts(manager, key, placing, done!);
  return done!.queued;
}

type OfParts = Record<PartScope, number>;

/**
 * What each of them would queue now, in one look at the rows: how many SMS that was in the last run, and how many more
 * it would be were their numbers not on the stop list.
 */
export async function countParts(
  manager: EntityManager,
  last: RunKey,
  groups: readonly RestartGroup[],
  removeDuplicates: boolean,
): Promise<OfParts & { segments: OfParts; stopped: OfParts }> {
  const scopes = Object.keys(RULES) as PartScope[];
  const open = (scope: PartScope) => `filter (where a.${scope} and stop.phone is null)`;
  const each = (figure: (scope: PartScope) => string) =>
    `json_build_object(${scopes.map((scope) => `'${scope}', ${figure(scope)}`).join(', ')})`;
  const [row] = await rowsOf<{ counts: OfParts; segments: OfParts; stopped: OfParts }>(
    manager,
    `select ${each((scope) => `count(*) ${open(scope)}`)} as counts,
            ${each((scope) => `coalesce(sum(greatest(a.segments, 1)) ${open(scope)}, 0)`)} as segments,
            ${each((scope) => `count(*) filter (where a.${scope} and stop.phone is not null)`)} as stopped
       from (${asked(removeDuplicates)}) a
       left join stop_list stop on stop.account_id = $1 and stop.phone = a.phone`,
    [last.accountId, last.campaignId, last.run, ...columnsOf(groups)],
  );
  const { counts, ...others } = row!;
  return { ...counts, ...others };
}

function columnsOf(groups: readonly RestartGroup[]): [states: string[], reasons: string[]] {
  return [groups.map(({ state }) => state), groups.map(({ reason }) => reason ?? '')];
}
