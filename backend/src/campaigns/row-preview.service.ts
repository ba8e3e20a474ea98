import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Refusal } from '../../../contract/list.ts';
import { MAX_ROW_PREVIEWS, type RowPreview, type RowPreviewRequest } from '../../../contract/row-preview.ts';
import { rowsOf } from '../database/rows.ts';
import { cellFinder } from '../../../contract/cells.ts';
import { compose, type RunContent } from '../dispatch/compose.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { LengthsService } from '../lengths/lengths.service.ts';
import { sendableRows } from '../lengths/sendable-rows.ts';
import { loadedLists, type ListRow } from '../lists/list-rows.ts';
import { normalisePhone } from '../lists/reading/phone.ts';
import { readCampaign, type CampaignRow } from './campaign-state.ts';
import { isComposable, PreviewService, shortPhone } from './preview.service.ts';

interface ContactRow {
  list_id: number;
  row_no: number;
  phone: string | null;
  refusal: Refusal | null;
  cells: string[];
  stopped: boolean;
  duplicate: boolean;
}

/** Rows of a campaign's files, and what Start would do with each: a person looks before writing to thousands. */
@Injectable()
export class RowPreviewService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly previews: PreviewService,
    private readonly lengths: LengthsService,
  ) {}

  /**
   * @returns in the order of the files; none where there is no such row
   * @throws ProblemError campaign_not_found, phone_invalid
   */
  async look(caller: Caller, id: number, wanted: RowPreviewRequest): Promise<RowPreview[]> {
    const campaign = await readCampaign(this.dataSource.manager, caller.accountId, id);
    const lists = await loadedLists(this.dataSource.manager, caller.accountId, id);
    const rows = await this.find(campaign, lists, wanted);
    if (rows.length === 0) return [];
    const content = await this.previews.content(campaign);
    const byId = new Map(lists.map((list) => [list.id, list]));
    return rows.map((row) => previewOf(row, byId.get(row.list_id)!, content));
  }

  private async find(
    campaign: CampaignRow,
    lists: readonly ListRow[],
    { slot = 'main', row, phone }: RowPreviewRequest,
  ): Promise<ContactRow[]> {
    if (phone !== undefined) {
      const read = normalisePhone(phone);
      if (!read.ok) throw new ProblemError('phone_invalid', {}, [{ field: 'phone', code: 'phone_invalid' }]);
      return this.contacts(campaign, lists, lists, 'c.phone = $6', read.e164);
    }
    if (row !== undefined) {
      const list = lists.filter((each) => each.slot === slot);
      return this.contacts(campaign, lists, list, 'c.row_no = $6::int', row);
    }
    const key = await this.lengths.rowsOf(campaign, campaign.remove_duplicates, lists);
    for (const list of lists) {
      const first = `c.row_no = (select c.row_no from ${sendableRows(key, list)} order by c.row_no limit $6)`;
      const found = await this.contacts(campaign, lists, [list], first, 1);
      if (found.length > 0) return found;
    }
    return [];
  }

  /** Who is left out is decided as Start decides it: `enqueue.ts`. */
  private contacts(
    { account_id, id, remove_duplicates }: CampaignRow,
    lists: readonly ListRow[],
    inThese: readonly ListRow[],
    where: string,
    value: string | number,
  ): Promise<ContactRow[]> {
    const main = lists.find(({ slot }) => slot === 'main');
    return rowsOf<ContactRow>(
      this.dataSource.manager,
      `select c.list_id, c.row_no, c.phone, c.refusal, c.cells,
              exists (select from stop_list s where s.account_id = c.account_id and s.phone = c.phone) as stopped,
              $4 and (c.repeated or (c.list_id <> $5 and exists (
                select from contact first
                 where first.account_id = $1 and first.campaign_id = $2 and first.list_id = $5
                   and first.phone = c.phone))) as duplicate
         from contact c
        where c.account_id = $1 and c.campaign_id = $2 and c.list_id = any($3::int[]) and ${where}
        order by c.list_id <> $5, c.list_id, c.row_no limit ${MAX_ROW_PREVIEWS}`,
      [account_id, id, inThese.map((list) => list.id), remove_duplicates, main?.id ?? 0, value],
    );
  }
}

function previewOf(row: ContactRow, list: ListRow, content: RunContent): RowPreview {
  const { phone, refusal } = row;
  const shown = {
    slot: list.slot,
    list: list.id,
    row: row.row_no,
    phone: phone === null ? null : shortPhone(phone),
    refusal,
    columns: list.columns,
    cells: row.cells,
  };
  const left = row.stopped ? 'stopped' : row.duplicate ? 'duplicate' : null;
  if (refusal !== null || !isComposable(content)) {
    const fate = refusal !== null ? 'refused' : (left ?? 'queued');
    return { ...shown, fate, text: null, segments: null, empty: [] };
  }
  const { text, segments, empty, problem } = compose(content, cellFinder(list.columns)(row.cells));
  return { ...shown, fate: left ?? problem ?? 'queued', text, segments, empty };
}
