import type { EntityManager } from 'typeorm';
import type { Method } from '../../../contract/channel.ts';
import type { ListSlot, ListSummary } from '../../../contract/list.ts';
import type { CampaignRow } from '../campaigns/campaign-state.ts';
import { rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';

/** A list as the database holds it. */
export interface ListRow {
  id: number;
  slot: ListSlot;
  method: Method;
  file_name: string;
  bytes: number;
  encoding: ListSummary['encoding'];
  separator: ListSummary['separator'];
  header: boolean;
  columns: string[];
  empty_cells: number[];
  phone_column: number;
  rows: number;
  contacts: number;
  duplicates: number;
  duplicates_of_other: number;
  refused: number;
  corrected: number;
  refused_by: ListSummary['refusedBy'];
  repaired_by: ListSummary['repairedBy'];
  refused_rows: ListSummary['refusedRows'];
  uploaded_at: Date;
}

/** The lists loaded now, the main one first. */
export function loadedLists(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
): Promise<ListRow[]> {
  return rowsOf<ListRow>(
    manager,
    `select id, slot, method, file_name, bytes, encoding, separator, header, columns, empty_cells, phone_column, rows, contacts,
            duplicates, duplicates_of_other, refused, corrected, refused_by, repaired_by, refused_rows, uploaded_at
       from list where account_id = $1 and campaign_id = $2 and removed_at is null
      order by slot = 'additional', id`,
    [accountId, campaignId],
  );
}

export function summaryOf(row: ListRow): ListSummary {
  return {
    id: row.id,
    slot: row.slot,
    fileName: row.file_name,
    bytes: row.bytes,
    encoding: row.encoding,
    separator: row.separator,
    header: row.header,
    columns: row.columns,
    emptyCells: row.empty_cells,
    phoneColumn: row.phone_column,
    rows: row.rows,
    contacts: row.contacts,
    duplicates: row.duplicates,
    duplicatesOfOther: row.duplicates_of_other,
    refused: row.refused,
    corrected: row.corrected,
    refusedBy: row.refused_by,
    repairedBy: row.repaired_by,
    refusedRows: row.refused_rows,
    uploadedAt: row.uploaded_at.toISOString(),
  };
}

/**
 * Counts anew how many of the additional file's numbers stand in the main one: after either has changed. When one
 * file is loaded there is nothing to count.
 */
export async function countDuplicatesAcross(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
): Promise<void> {
  await manager.query(
    `update list additional
        set duplicates_of_other = (
            select count(*) from contact c
             where c.account_id = additional.account_id and c.campaign_id = additional.campaign_id
               and c.list_id = additional.id and not c.repeated and c.phone in (
                   select other.phone from contact other
                     join list main on main.account_id = other.account_id and main.campaign_id = other.campaign_id
                      and main.id = other.list_id
                    where main.account_id = $1 and main.campaign_id = $2 and main.slot = 'main'
                      and main.removed_at is null and other.phone is not null))
      where additional.account_id = $1 and additional.campaign_id = $2 and additional.slot = 'additional'
        and additional.removed_at is null`,
    [accountId, campaignId],
  );
}

/** Files are part of what Start checks: a change of them is a new version. */
export async function newVersion(manager: EntityManager, row: CampaignRow): Promise<void> {
  await manager.query(
    `update campaign_settings set version = version + 1, updated_at = now() where account_id = $1 and campaign_id = $2`,
    [row.account_id, row.id],
  );
}

/** @throws ProblemError additional_list_off */
export function requireSlot(row: CampaignRow, slot: ListSlot): CampaignRow {
  if (slot === 'additional' && !row.additional_list) throw new ProblemError('additional_list_off');
  return row;
}
