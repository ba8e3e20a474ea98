import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ListPreview, ListSlot, ReadingOptions } from '../../../contract/list.ts';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { fileBeginning } from './list-files.ts';
import { loadedLists } from './list-rows.ts';
import { PREVIEW_BYTES, previewList } from './reading/preview-list.ts';

/** The first rows of a file, as it is read or as it would be. */
@Injectable()
export class ListPreviews {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * @param options without any, the file is shown as it was read; else what is left out is told from the file
   * @throws ProblemError campaign_not_found, list_not_found, file_not_kept; ListProblem
   */
  async ofLoaded(caller: Caller, id: number, slot: ListSlot, options: ReadingOptions): Promise<ListPreview> {
    const { manager } = this.dataSource;
    await readCampaign(manager, caller.accountId, id);
    const list = (await loadedLists(manager, caller.accountId, id)).find((each) => each.slot === slot);
    if (!list) throw new ProblemError('list_not_found');
    const key = { accountId: caller.accountId, campaignId: id, listId: list.id };
    const file = await fileBeginning(manager, key, PREVIEW_BYTES);
    if (!file) throw new ProblemError('file_not_kept');
    const { encoding, separator, header, phone_column: phoneColumn } = list;
    const isAsRead = Object.values(options).every((option) => option === undefined);
    const reading = isAsRead ? { encoding, separator, header, phoneColumn } : options;
    return previewList(file.bytes, file.size <= PREVIEW_BYTES, reading);
  }

  /**
   * Of a file that is not loaded: one that could not be read by itself.
   * @param bytes the file, or as many of its first bytes as a preview looks at
   */
  async ofBytes(
    caller: Caller,
    id: number,
    bytes: Uint8Array,
    options: ReadingOptions,
  ): Promise<ListPreview> {
    await readCampaign(this.dataSource.manager, caller.accountId, id);
    return previewList(bytes.subarray(0, PREVIEW_BYTES), bytes.length < PREVIEW_BYTES, options);
  }
}
