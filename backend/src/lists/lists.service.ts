import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isUnderWay } from '../../../contract/campaign-states.ts';
import type { Method } from '../../../contract/channel.ts';
import type { ListRemoval, ListSlot, ReadingOptions } from '../../../contract/list.ts';
import { lockCampaign, readCampaign, writeEvent, type CampaignRow } from '../campaigns/campaign-state.ts';
import { backBehindWall, throughWall } from '../database/account-wall.ts';
import { LongWork } from '../database/long-work.ts';
import { planForManyRows, rowsOf } from '../database/rows.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { addToRun, enqueueList } from '../dispatch/enqueue.ts';
import { requeueDuplicates } from '../dispatch/withdraw.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { copyRows } from './copy-rows.ts';
import { keptFile, moveFile, storeFile } from './list-files.ts';
import { countDuplicatesAcross, newVersion, requireSlot } from './list-rows.ts';
import { OneAtATime } from './one-at-a-time.ts';
import { leavesGaps, removalEffect, removeLoaded, runKey } from './list-removal.ts';
import type { ListFacts } from './reading/read-list.ts';

export interface Upload {
  fileName: string;
  /** Of a shared buffer, or they are copied into one. */
  bytes: Uint8Array;
  /** What a person has said of the file; the rest is told from it. */
  reading?: ReadingOptions;
  /** The loaded list whose file this is, when it is read anew: the file then stays as it is stored. */
  ofList?: number;
}

/** From an uploaded file to contacts, and their removal. */
@Injectable()
export class ListsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly dispatcher: Dispatcher,
    private readonly longWork: LongWork,
    private readonly oneAtATime: OneAtATime,
  ) {}

  /**
   * Reads the file in a worker and streams its rows into `contact` by COPY, all in one transaction: the list that
   * was there is replaced at its end, or everything stays as it was.
   */
  async upload(
    caller: Caller,
    id: number,
    slot: ListSlot,
    upload: Upload,
    signal: AbortSignal,
  ): Promise<void> {
    await this.alone(caller, id, slot, () => this.read(caller, id, slot, upload, signal));
  }

  /**
   * Reads the loaded file in another way. It goes the road of an upload: in a campaign under way this is a new file.
   * @param listId the list that the person has looked at
   * @throws ProblemError list_not_found, file_not_kept, version_conflict when another file has taken its place
   */
  async readAnew(
    caller: Caller,
    id: number,
    slot: ListSlot,
    { list: listId, ...reading }: ReadingOptions & { list?: number | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    const { manager } = this.dataSource;
    await readCampaign(manager, caller.accountId, id);
    await this.alone(caller, id, slot, async () => {
      const { list, bytes } = await keptFile(manager, caller.accountId, id, slot, listId);
      const upload = { fileName: list.file_name, bytes, reading, ofList: list.id };
      await this.read(caller, id, slot, upload, signal);
    });
  }

  private async alone(caller: Caller, id: number, slot: ListSlot, work: () => Promise<void>): Promise<void> {
    await this.oneAtATime.in(caller, id, slot, work);
    this.dispatcher.wake();
  }

  private async read(
    caller: Caller,
    id: number,
    slot: ListSlot,
    upload: Upload,
    signal: AbortSignal,
  ): Promise<void> {
    const { method } = requireSlot(await readCampaign(this.dataSource.manager, caller.accountId, id), slot);
    const listId = await this.nextListId(caller.accountId, id);
    const bytes = upload.bytes.byteLength;
    try {
      await this.longWork.withConnection(async (runner, client) => {
        await runner.startTransaction();
        try {
          const where = { accountId: caller.accountId, campaignId: id, listId };
          await throughWall(runner.manager);
          const isStored = upload.ofList !== undefined;
          const stored = isStored ? Promise.resolve() : storeFile(client, where, upload.bytes);
          const options = { ...where, method, reading: upload.reading ?? {} };
          const facts = await copyRows(client, upload.bytes, options, stored, signal);
          signal.throwIfAborted();
          await backBehindWall(runner.manager);
          const { fileName, ofList } = upload;
          const list = { ...facts, method, fileName, bytes, ofList };
          await this.adopt(runner.manager, caller, id, slot, listId, list);
          await runner.commitTransaction();
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

  /** Numbers are given out apart from the upload's transaction: a long upload must not lock the settings. */
  private async nextListId(accountId: number, campaignId: number): Promise<number> {
    const [row] = await rowsOf<{ last_list_id: number }>(
      this.dataSource.manager,
      `update campaign_settings set last_list_id = last_list_id + 1
        where account_id = $1 and campaign_id = $2 returning last_list_id`,
      [accountId, campaignId],
    );
    return row!.last_list_id;
  }

  /** The rows are in: the list takes its field's place, and a campaign under way queues its contacts. */
  private async adopt(
    manager: EntityManager,
    caller: Caller,
    id: number,
    slot: ListSlot,
    listId: number,
    facts: ListFacts & FileFacts,
  ): Promise<void> {
    const row = requireSlot(await lockCampaign(manager, caller.accountId, id), slot);
    await planForManyRows(manager);
    if (facts.ofList !== undefined) await this.keepFile(manager, row, facts.ofList, listId);
    const replaced = await removeLoaded(manager, row, slot);
    await manager.query(
      `insert into list (account_id, campaign_id, id, slot, method, file_name, bytes, encoding, separator, columns, phone_column,
                         rows, contacts, duplicates, refused, refused_by, refused_rows, uploaded_by, header, empty_cells,
                         repaired_by, uploaded_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
               clock_timestamp())`,
      [
        caller.accountId,
        id,
        listId,
        slot,
        facts.method,
        facts.fileName,
        facts.bytes,
        facts.encoding,
        facts.separator,
        facts.columns,
        facts.phoneColumn,
        facts.rows,
        facts.contacts,
        facts.duplicates,
        facts.refused,
        JSON.stringify(facts.refusedBy),
        JSON.stringify(facts.refusedRows),
        caller.userId,
        facts.header,
        facts.emptyCells,
        JSON.stringify(facts.repairedBy),
      ],
    );
    await countDuplicatesAcross(manager, caller.accountId, id);
    if (isUnderWay(row.state)) {
      await addToRun(manager, runKey(row), [listId]);
      await enqueueList(manager, runKey(row), listId, row.remove_duplicates);
      // Behind the new file's rows: what the file before it had kept the other one from.
      if (replaced && leavesGaps(row)) await requeueDuplicates(manager, runKey(row));
    }
    await newVersion(manager, row);
    await writeEvent(manager, caller.accountId, id, {
      action: 'upload_list',
      by: caller.userId,
      from: row.state,
      to: row.state,
    });
  }

  /** What removing or replacing a file would do to its entries, to be shown before it is done. */
  removal(caller: Caller, id: number, slot: ListSlot): Promise<ListRemoval> {
    return this.longWork.transaction(async (manager) =>
      removalEffect(manager, await readCampaign(manager, caller.accountId, id), slot),
    );
  }

  /** Before the old list goes, and its file with it. */
  private async keepFile(
    manager: EntityManager,
    row: CampaignRow,
    fromList: number,
    toList: number,
  ): Promise<void> {
    const from = { accountId: row.account_id, campaignId: row.id, listId: fromList };
    if (!(await moveFile(manager, from, toList))) throw new ProblemError('version_conflict');
  }

  async remove(caller: Caller, id: number, slot: ListSlot): Promise<void> {
    await this.longWork.transaction(async (manager) => {
      const row = await lockCampaign(manager, caller.accountId, id);
      await planForManyRows(manager);
      if (!(await removeLoaded(manager, row, slot))) throw new ProblemError('list_not_found');
      if (leavesGaps(row)) await requeueDuplicates(manager, runKey(row));
      await countDuplicatesAcross(manager, caller.accountId, id);
      await newVersion(manager, row);
      const event = { action: 'remove_list', by: caller.userId, from: row.state, to: row.state };
      await writeEvent(manager, caller.accountId, id, event);
    });
    this.dispatcher.wake();
  }
}

interface FileFacts {
  method: Method;
  fileName: string;
  bytes: number;
  ofList: number | undefined;
}
