import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { DataSource } from 'typeorm';
import { isUnderWay } from '../../../../contract/campaign-states.ts';
import type { Correction, ListSlot } from '../../../../contract/list.ts';
import { lockCampaign, readCampaign, writeEvent } from '../../campaigns/campaign-state.ts';
import { LongWork } from '../../database/long-work.ts';
import { planForManyRows } from '../../database/rows.ts';
import { Dispatcher } from '../../dispatch/dispatcher.ts';
import { enqueueCorrected } from '../../dispatch/enqueue.ts';
import { ProblemError } from '../../errors.ts';
import type { Caller } from '../../host/caller.ts';
import { copyCorrections } from '../copy-rows.ts';
import { runKey } from '../list-removal.ts';
import { countDuplicatesAcross, loadedLists, newVersion, type ListRow } from '../list-rows.ts';
import { OneAtATime } from '../one-at-a-time.ts';
import { rowColumn } from './correction-file.ts';
import { CORRECTION_ROWS, makeCorrectionRows, mergeCorrections } from './merge-corrections.ts';

/** From a correction file to contacts of the list it corrects. */
@Injectable()
export class CorrectionsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dispatcher: Dispatcher,
    private readonly longWork: LongWork,
    private readonly oneAtATime: OneAtATime,
  ) {}

  /**
   * Reads the file in a worker and takes over the rows that are right now, all in one transaction. A campaign under way
   * queues them behind the others. The second time nothing is left to take over.
   *
   * @param bytes of a shared buffer, or they are copied into one
   * @throws ProblemError campaign_not_found, list_not_found, upload_in_progress, upload_aborted, busy; ListProblem
   */
  async correct(
    caller: Caller,
    id: number,
    slot: ListSlot,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<Correction> {
    const { manager } = this.dataSource;
    await readCampaign(manager, caller.accountId, id);
    const list = await requireList(manager, caller, id, slot);
    return this.oneAtATime.in(caller, id, slot, async () => {
      const correction = await this.read(caller, id, list, bytes, signal);
      this.dispatcher.wake();
      return correction;
    });
  }

  private async read(
    caller: Caller,
    id: number,
    list: ListRow,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): Promise<Correction> {
    const key = { accountId: caller.accountId, campaignId: id, listId: list.id };
    const corrected = {
      rowColumn: rowColumn(key),
      columns: list.columns,
      phoneColumn: list.phone_column,
    };
    try {
      return await this.longWork.withConnection(async (runner, client) => {
        await runner.startTransaction();
        try {
          await makeCorrectionRows(runner.manager);
          const task = { list: corrected, method: list.method };
          const rows = await copyCorrections(client, CORRECTION_ROWS, bytes, task, signal);
          signal.throwIfAborted();
          const correction = await this.merge(runner.manager, caller, id, list, rows);
          await runner.commitTransaction();
          return correction;
        } catch (error) {
          await runner.rollbackTransaction().catch(() => undefined);
          throw error;
        }
      });
    } catch (error) {
      if (signal.aborted) throw new ProblemError('upload_aborted');
      throw error;
    }
  }

  private async merge(
    manager: EntityManager,
    caller: Caller,
    id: number,
    { id: listId, slot }: ListRow,
    rows: number,
  ): Promise<Correction> {
    const row = await lockCampaign(manager, caller.accountId, id);
    const list = (await loadedLists(manager, caller.accountId, id)).find((each) => each.slot === slot);
    if (list?.id !== listId) throw new ProblemError('correction_of_other_list');
    await planForManyRows(manager);
    const key = { accountId: caller.accountId, campaignId: id, listId };
    const joins = isUnderWay(row.state);
    const from = { run: joins ? row.run : row.run + 1, joins };
    const { changed, correction } = await mergeCorrections(manager, key, list, rows, from);
    if (!changed) return correction;
    await countDuplicatesAcross(manager, caller.accountId, id);
    const queued = joins ? await enqueueCorrected(manager, runKey(row), listId, row.remove_duplicates) : 0;
    await newVersion(manager, row);
    const event = { action: 'correct_list', by: caller.userId, from: row.state, to: row.state };
    await writeEvent(manager, caller.accountId, id, event);
    return { ...correction, queued };
  }
}

async function requireList(
  manager: EntityManager,
  caller: Caller,
  id: number,
  slot: ListSlot,
): Promise<ListRow> {
  const list = (await loadedLists(manager, caller.accountId, id)).find((each) => each.slot === slot);
  if (!list) throw new ProblemError('list_not_found');
  return list;
}
