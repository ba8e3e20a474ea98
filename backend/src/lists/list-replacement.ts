import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isUnderWay } from '../../../contract/campaign-states.ts';
import type { ListReplacement, ListSlot, ReadAnew } from '../../../contract/list.ts';
import { readCampaign, type CampaignRow } from '../campaigns/campaign-state.ts';
import { LongWork } from '../database/long-work.ts';
import { planForManyRows, rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { copyRows } from './copy-rows.ts';
import { keptFile } from './list-files.ts';
import { loadedLists, requireSlot, type ListRow } from './list-rows.ts';
import { removalEffect } from './list-removal.ts';
import type { Upload } from './lists.service.ts';

const NEW_ROWS = 'replacement_rows';

/** What a file would do in the place of the one that is loaded, or in an empty field: read, counted and forgotten. */
@Injectable()
export class ListReplacements {
  constructor(
    private readonly dataSource: DataSource,
    private readonly longWork: LongWork,
  ) {}

  /** @throws ProblemError campaign_not_found, additional_list_off, upload_aborted, busy; ListProblem */
  async ofUpload(
    caller: Caller,
    id: number,
    slot: ListSlot,
    upload: Pick<Upload, 'bytes' | 'reading'>,
    signal: AbortSignal,
  ): Promise<ListReplacement> {
    const row = requireSlot(await readCampaign(this.dataSource.manager, caller.accountId, id), slot);
    try {
      return await this.longWork.withConnection(async (runner, client) => {
        await runner.startTransaction();
        try {
          await runner.query(`create temporary table ${NEW_ROWS} (like contact) on commit drop`);
          const key = { accountId: row.account_id, campaignId: id, listId: 0 };
          const options = { ...key, method: row.method, reading: upload.reading ?? {}, into: NEW_ROWS };
          const facts = await copyRows(client, upload.bytes, options, Promise.resolve(), signal);
          signal.throwIfAborted();
          // Not locked: it is a question, and what was true a moment ago is its answer.
          const now = await readCampaign(runner.manager, caller.accountId, id);
          const counts = await countReplacement(runner.manager, now, slot);
          return { ...counts, rows: facts.rows, refused: facts.refused };
        } finally {
          await runner.rollbackTransaction().catch(() => undefined);
        }
      });
    } catch (error) {
      if (signal.aborted) throw new ProblemError('upload_aborted');
      throw error;
    }
  }

  /** Of the loaded file read in another way. @throws as `ofUpload`, and what `keptFile` throws */
  async ofReading(
    caller: Caller,
    id: number,
    slot: ListSlot,
    { list, ...reading }: ReadAnew,
    signal: AbortSignal,
  ): Promise<ListReplacement> {
    const { manager } = this.dataSource;
    await readCampaign(manager, caller.accountId, id);
    const { bytes } = await keptFile(manager, caller.accountId, id, slot, list);
    return this.ofUpload(caller, id, slot, { bytes, reading }, signal);
  }
}

type Counts = Omit<ListReplacement, 'rows' | 'refused'>;

async function countReplacement(manager: EntityManager, row: CampaignRow, slot: ListSlot): Promise<Counts> {
  const lists = await loadedLists(manager, row.account_id, row.id);
  const list = lists.find((each) => each.slot === slot);
  const removal = list ? await removalEffect(manager, row, slot) : null;
  await planForManyRows(manager);
  const once = row.remove_duplicates;
  const [counts] = await rowsOf<Omit<Counts, 'removal' | 'removeDuplicates'>>(manager, COUNTS, [
    row.account_id,
    row.id,
    row.state === 'draft' || row.state === 'scheduled' ? 0 : row.run,
    list?.id ?? 0,
    once,
    isUnderWay(row.state) && row.on_file_removal === 'remove',
    mainBefore(row, slot, lists)?.id ?? 0,
  ]);
  return { ...counts!, removal, removeDuplicates: once };
}

/** Outside a run the main file's numbers go before those of the additional one. */
function mainBefore(row: CampaignRow, slot: ListSlot, lists: readonly ListRow[]): ListRow | undefined {
  if (slot === 'main' || isUnderWay(row.state)) return undefined;
  return lists.find((each) => each.slot === 'main');
}

/**
 * $1–$3 the run, 0 where none is or was · $4 the list that goes · $5 whether duplicates are removed · $6 whether its
 * queue is withdrawn · $7 a list whose numbers go before. A number counts by the first that is true of it, as
 * `enqueue.ts` decides it after `withdraw.ts`.
 */
const COUNTS = `
with held as materialized (
  select low, high from dispatch_grant
   where account_id = $1 and campaign_id = $2 and run = $3 and owner is not null),
known as (
  select c.phone,
         case when m.state not in ('queued', 'duplicate') or m.in_doubt
                   or (m.state = 'queued'
                       and exists (select from held h where m.position > h.low and m.position <= h.high)) then 1
              when m.list_id <> $4 or not $6 then 2 end as part
    from message m
    join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id
     and c.list_id = m.list_id and c.row_no = m.row_no
    join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
   where m.account_id = $1 and m.campaign_id = $2 and m.run = $3
     and (m.state not in ('cancelled', 'duplicate', 'stopped')
          or (m.state = 'duplicate' and l.slot = 'main' and l.removed_at is null and l.id <> $4))
  union all
  select phone, case when list_id = $7 then 2 else 3 end
    from contact where account_id = $1 and campaign_id = $2 and list_id in ($4, $7) and phone is not null),
number as (select phone, min(part) as part from known group by phone),
judged as (
  select case when stop.phone is not null then 'stopped' when $5 and n.repeated then 'repeated'
              else coalesce((array['written', 'waiting', 'again'])[k.part], 'added') end as part
    from ${NEW_ROWS} n
    left join stop_list stop on stop.account_id = $1 and stop.phone = n.phone
    left join number k on k.phone = n.phone
   where n.phone is not null)
select (count(*) filter (where part = 'repeated'))::int as duplicates,
       (count(*) filter (where part = 'stopped'))::int as stopped,
       (count(*) filter (where part = 'written'))::int as written,
       (count(*) filter (where part = 'waiting'))::int as waiting,
       (count(*) filter (where part = 'again'))::int as again,
       (count(*) filter (where part = 'added'))::int as added
  from judged`;
