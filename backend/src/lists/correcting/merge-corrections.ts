/** Rows of a correction file into the list they belong to. */
import pg from 'pg';
import type { EntityManager } from 'typeorm';
import type { Correction, Repair } from '../../../../contract/list.ts';
import { rowsOf } from '../../database/rows.ts';
import type { ListRow } from '../list-rows.ts';
import type { ListKey } from '../reading/copy-text.ts';
import { cut, ORIGINAL_LENGTH, REFUSED_SHOWN } from '../reading/read-list.ts';

/** The correction file's rows, in its order, for this transaction alone. */
export const CORRECTION_ROWS = 'correction_rows';

export async function makeCorrectionRows(manager: EntityManager): Promise<void> {
  await manager.query(
    `create temporary table ${CORRECTION_ROWS}
       (place bigserial, row_no integer, phone text, refusal text, repairs text[] not null, cells text[] not null)
     on commit drop`,
  );
}

/** What JavaScript's `trim` takes away, so that a cell counts as empty here where it does while a file is read. */
const SPACES = pg.escapeLiteral(
  Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code))
    .filter((character) => character.trim() === '')
    .join(''),
);

/**
 * $1–$3 the list · $4 the first run that the rows are contacts of · $5 whether they join it under way.
 * Of several rows with one number the first that is right counts. Only rows that are refused are written, and only
 * with something new; a number that the list has, or gets by an earlier row, is a repeated one. A cell whose column is
 * no longer in the file stays as it was.
 */
const MERGE = `
with sent as (
  select distinct on (row_no) row_no, phone, refusal, repairs, cells
    from ${CORRECTION_ROWS} where row_no is not null order by row_no, phone is null, place),
found as (
  select s.row_no, s.phone, s.refusal, s.repairs, c.phone as phone_before, c.refusal as refusal_before,
         c.cells as cells_before,
         array(select coalesce(u.sent, u.before)
                 from unnest(s.cells, c.cells) with ordinality u (sent, before, at) order by u.at) as cells
    from sent s
    join contact c on c.account_id = $1 and c.campaign_id = $2 and c.list_id = $3 and c.row_no = s.row_no),
judged as (
  select f.*, f.phone is not null
          and (has.phone is not null or row_number() over (partition by f.phone order by f.row_no) > 1) as repeated
    from found f
    left join (select distinct phone from contact
                where account_id = $1 and campaign_id = $2 and list_id = $3 and phone is not null) has
           on has.phone = f.phone
   where f.phone_before is null),
put as (
  update contact c
     set phone = j.phone, refusal = j.refusal, repeated = j.repeated, cells = j.cells
    from judged j
   where c.account_id = $1 and c.campaign_id = $2 and c.list_id = $3 and c.row_no = j.row_no and c.phone is null
     and (j.phone is not null or (j.refusal, j.cells) is distinct from (c.refusal, c.cells))
  returning c.row_no),
changed as (select j.* from judged j join put using (row_no)),
kept as (
  insert into correction (account_id, campaign_id, list_id, row_no, run, joined, refusal, cells)
  select $1, $2, $3, row_no, $4, $5, refusal_before, cells_before from changed where phone is not null)
select (select count(*)::int from changed) as changed,
       (select count(*)::int from changed where phone is not null) as taken,
       (select count(*)::int from changed where repeated) as repeated,
       (select count(*)::int from judged where phone is null) as "stillRefused",
       (select count(*)::int from found where phone_before is not null) as already,
       (select count(*)::int from found) as found,
       coalesce((select jsonb_object_agg(repair, count)
                   from (select repair, count(*)::int
                           from changed, unnest(repairs) repair where phone is not null group by repair) by_repair),
                '{}') as "repairedBy",
       array(select count(*) filter (where btrim(u.now, ${SPACES}) = '')::int
                    - count(*) filter (where btrim(u.before, ${SPACES}) = '')::int
               from changed c, unnest(c.cells, c.cells_before) with ordinality u (now, before, at)
              group by u.at order by u.at) as "emptyCells"`;

interface Merged {
  changed: number;
  taken: number;
  repeated: number;
  stillRefused: number;
  already: number;
  found: number;
  repairedBy: Partial<Record<Repair, number>>;
  /** One for each column: how many more are empty now; none where no row has changed. */
  emptyCells: number[];
}

/**
 * What `copyCorrections` has read, into a list of a locked campaign.
 * @returns whether anything is different now, and what became of the rows, none queued yet
 */
export async function mergeCorrections(
  manager: EntityManager,
  key: ListKey,
  list: ListRow,
  rows: number,
  from: { run: number; joins: boolean },
): Promise<{ changed: boolean; correction: Correction }> {
  const ids = [key.accountId, key.campaignId, key.listId];
  const [merged] = await rowsOf<Merged>(manager, MERGE, [...ids, from.run, from.joins]);
  const { changed, taken, repeated, stillRefused, already, found } = merged!;
  if (changed > 0) await recount(manager, ids, list, merged!);
  const correction = { taken, repeated, queued: 0, stillRefused, already, unknown: rows - found };
  return { changed: changed > 0, correction };
}

/** The list's facts as reading it would have them, from its rows. */
async function recount(
  manager: EntityManager,
  ids: readonly number[],
  list: ListRow,
  merged: Merged,
): Promise<void> {
  const refused = await rowsOf<{ row: number; original: string; reason: string }>(
    manager,
    `select row_no as row, left(cells[$4], ${ORIGINAL_LENGTH}) as original, refusal as reason from contact
      where account_id = $1 and campaign_id = $2 and list_id = $3 and phone is null order by row_no
      limit ${REFUSED_SHOWN}`,
    [...ids, list.phone_column + 1],
  );
  const shown = refused.map((row) => ({ ...row, original: cut(row.original, ORIGINAL_LENGTH) }));
  const repairedBy = { ...list.repaired_by };
  for (const [repair, count] of Object.entries(merged.repairedBy) as [Repair, number][]) {
    repairedBy[repair] = (repairedBy[repair] ?? 0) + count;
  }
  await manager.query(
    `with counted as (
       select count(*) filter (where phone is not null and not repeated) as contacts,
              count(*) filter (where repeated) as duplicates, count(*) filter (where phone is null) as refused
         from contact where account_id = $1 and campaign_id = $2 and list_id = $3),
     by_reason as (
       select coalesce(jsonb_object_agg(refusal, count), '{}') as refused_by
         from (select refusal, count(*) from contact
                where account_id = $1 and campaign_id = $2 and list_id = $3 and phone is null group by refusal) each)
     update list
        set contacts = counted.contacts, duplicates = counted.duplicates, refused = counted.refused,
            refused_by = by_reason.refused_by, refused_rows = $4, repaired_by = $5, empty_cells = $6,
            corrected = corrected + $7
       from counted, by_reason
      where account_id = $1 and campaign_id = $2 and id = $3 and removed_at is null`,
    [
      ...ids,
      JSON.stringify(shown),
      JSON.stringify(repairedBy),
      // Lists loaded before these were counted have none.
      list.empty_cells.map((count, at) => count + merged.emptyCells[at]!),
      merged.taken,
    ],
  );
}
