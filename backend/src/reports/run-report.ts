/** A run in numbers: its account, and groups of those that did not get through. */
import type { EntityManager } from 'typeorm';
import type { ReportGroup, RunReport } from '../../../contract/report.ts';
import { rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';
import { runAccount } from './row-account.ts';

/** How many messages of a group are asked for the provider's words, and how many different words are told. */
const WORDS_OF = 1000;
const WORDS_TOLD = 3;

/** $1 account, $2 campaign, $3 run. Those refused are counted where the files were read, corrected ones where they were. */
const GROUPS = `
with grouped as materialized (
  select m.state::text as state, m.reason, count(*)::int as count
    from message m
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3
     and m.state in ('cancelled', 'duplicate', 'stopped', 'unknown', 'sent', 'failed')
   group by m.state, m.reason),
refused as (
  select by.key as reason, by.value::int as count
    from run_list rl
    join list l on l.account_id = rl.account_id and l.campaign_id = rl.campaign_id and l.id = rl.list_id
   cross join lateral jsonb_each_text(l.refused_by) by
   where rl.account_id = $1 and rl.campaign_id = $2 and rl.run = $3
  union all
  select k.refusal, count(*)
    from run_list rl
    join correction k on k.account_id = rl.account_id and k.campaign_id = rl.campaign_id
     and k.list_id = rl.list_id and k.run > rl.run
   where rl.account_id = $1 and rl.campaign_id = $2 and rl.run = $3
   group by k.refusal)
select g.state, g.reason, g.count,
       case when g.state in ('unknown', 'failed') then array(
         select said.detail
           from (select m.detail from message m
                  where m.account_id = $1 and m.campaign_id = $2 and m.run = $3 and m.state::text = g.state
                    and m.reason is not distinct from g.reason and m.detail is not null
                  limit ${WORDS_OF}) said
          group by said.detail order by count(*) desc, said.detail limit ${WORDS_TOLD}) else '{}' end as words
  from grouped g
union all
select 'refused', reason, sum(count)::int, '{}' from refused group by reason having sum(count) > 0
 order by 3 desc, 1, 2`;

type RunRow = Pick<RunReport, 'run' | 'scope' | 'startedBy' | 'method'> & {
  startedAt: Date;
  finishedAt: Date | null;
  cleared: boolean;
};

/** @throws ProblemError run_not_found */
export async function runReport(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
  run: number,
): Promise<RunReport> {
  const key = [accountId, campaignId, run];
  const [row] = await rowsOf<RunRow>(
    manager,
    `select run, scope, started_at as "startedAt", finished_at as "finishedAt", started_by as "startedBy",
            content ->> 'method' as method, cleared is not null as cleared
       from run where account_id = $1 and campaign_id = $2 and run = $3`,
    key,
  );
  if (!row) throw new ProblemError('run_not_found');
  const { cleared, startedAt, finishedAt, ...rest } = row;
  const { account, replied } = await runAccount(manager, accountId, campaignId, run);
  const groups = await rowsOf<ReportGroup>(manager, GROUPS, key);
  return {
    ...rest,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    account,
    replied,
    // What a Clear removed is in the account as numbers alone.
    groups: cleared ? groups.filter(({ state }) => state !== 'refused') : groups,
  };
}
