/** The rows of a run, page by page: its messages in the order of its queue, then the rows that were refused. */
import type { EntityManager } from 'typeorm';
import {
  ROWS_A_PAGE,
  SHORTEST_SEARCH,
  type ReportPage,
  type ReportRow,
  type ReportRowsQuery,
} from '../../../contract/report.ts';
import { rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';
import { SENT_AT } from './sent-at.ts';
import { normalisePhone } from '../lists/reading/phone.ts';

export interface RunKey {
  accountId: number;
  campaignId: number;
  run: number;
}

type Row = Omit<ReportRow, 'sentAt' | 'deliveredAt' | 'readAt' | 'repliedAt'> & {
  position: number | null;
  sentAt: Date | null;
  deliveredAt: Date | null;
  readAt: Date | null;
  repliedAt: Date | null;
};

/** Where a page begins: behind a message of the queue, or behind a refused row. */
type Place = { position: number } | { list: number; row: number };

const MESSAGE_COLUMNS = `
  m.position, m.list_id as list, m.row_no as row, c.phone, coalesce(c.cells[l.phone_column + 1], '') as cell,
  case when m.state = 'queued' and g.low is not null then 'sending' else m.state::text end as state,
  m.reason, m.detail, m.segments, ${SENT_AT} as "sentAt", m.delivered_at as "deliveredAt", m.read_at as "readAt",
  m.replied_at as "repliedAt"`;

/** $1–$3 the run. What a process holds is on its way. */
export const MESSAGES = `
  from message m
  join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id and c.list_id = m.list_id
   and c.row_no = m.row_no
  join list l on l.account_id = m.account_id and l.campaign_id = m.campaign_id and l.id = m.list_id
  left join dispatch_grant g on g.account_id = m.account_id and g.campaign_id = m.campaign_id and g.run = m.run
   and g.owner is not null and m.position > g.low and m.position <= g.high
 where m.account_id = $1 and m.campaign_id = $2 and m.run = $3`;

const REFUSED_COLUMNS = `
  null::int as position, c.list_id as list, c.row_no as row, null as phone,
  coalesce(c.cells[l.phone_column + 1], '') as cell, 'refused' as state, c.refusal as reason, null as detail,
  null::smallint as segments, null::timestamptz as "sentAt", null::timestamptz as "deliveredAt",
  null::timestamptz as "readAt", null::timestamptz as "repliedAt"`;

/** Rows put right later stand as they stood in this run. */
export const REFUSED = `
  from run_list rl
  join list l on l.account_id = rl.account_id and l.campaign_id = rl.campaign_id and l.id = rl.list_id
 cross join lateral (
       select c.list_id, c.row_no, c.cells, c.refusal from contact c
        where c.account_id = rl.account_id and c.campaign_id = rl.campaign_id and c.list_id = rl.list_id
          and c.phone is null
       union all
       select k.list_id, k.row_no, k.cells, k.refusal from correction k
        where k.account_id = rl.account_id and k.campaign_id = rl.campaign_id and k.list_id = rl.list_id
          and k.run > rl.run) c
 where rl.account_id = $1 and rl.campaign_id = $2 and rl.run = $3`;

/** @throws ProblemError `search_too_short` where the search is too short to find anybody */
export async function reportRows(
  manager: EntityManager,
  key: RunKey,
  query: ReportRowsQuery,
): Promise<ReportPage> {
  const search = searchOf(query.search ?? '');
  const after = placeOf(query.after);
  const found: Row[] = [];
  if (query.state !== 'refused' && (!after || 'position' in after)) {
    found.push(...(await messages(manager, key, query, search, after?.position ?? 0)));
  }
  const refusedToo = query.state === undefined || query.state === 'refused';
  if (refusedToo && found.length <= ROWS_A_PAGE) {
    const from = after && 'list' in after ? after : { list: 0, row: 0 };
    found.push(...(await refused(manager, key, query, search, from)));
  }
  const page = found.slice(0, ROWS_A_PAGE);
  return {
    data: page.map(rowOf),
    next: found.length > ROWS_A_PAGE ? nameOf(page.at(-1)!) : null,
  };
}

async function messages(
  manager: EntityManager,
  { accountId, campaignId, run }: RunKey,
  { state, reason, list }: ReportRowsQuery,
  search: Search | null,
  after: number,
): Promise<Row[]> {
  const values: unknown[] = [accountId, campaignId, run, after];
  const add = (value: unknown) => `$${values.push(value)}`;
  const where = ['m.position > $4'];
  if (state === 'replied') where.push('m.replied_at is not null');
  else if (state === 'sending') where.push(`m.state = 'queued' and g.low is not null`);
  else if (state === 'queued') where.push(`m.state = 'queued' and g.low is null`);
  else if (state !== undefined) where.push(`m.state = ${add(state)}::message_state`);
  if (reason !== undefined) where.push(`coalesce(m.reason, '') = ${add(reason)}`);
  if (list !== undefined) where.push(`m.list_id = ${add(Number(list))}`);
  if (search) where.push(`c.phone like any(${add(search.phones)}::text[])`);
  return rowsOf<Row>(
    manager,
    `select ${MESSAGE_COLUMNS} ${MESSAGES} and ${where.join(' and ')} order by m.position limit ${ROWS_A_PAGE + 1}`,
    values,
  );
}

function refused(
  manager: EntityManager,
  { accountId, campaignId, run }: RunKey,
  { reason, list }: ReportRowsQuery,
  search: Search | null,
  after: { list: number; row: number },
): Promise<Row[]> {
  const values: unknown[] = [accountId, campaignId, run, after.list, after.row];
  const add = (value: unknown) => `$${values.push(value)}`;
  const where = ['(c.list_id, c.row_no) > ($4, $5)'];
  if (reason !== undefined) where.push(`c.refusal = ${add(reason)}`);
  if (list !== undefined) where.push(`c.list_id = ${add(Number(list))}`);
  if (search) {
    const digits = `regexp_replace(c.cells[l.phone_column + 1], '\\D', '', 'g')`;
    where.push(`${digits} like any(${add(search.cells)}::text[])`);
  }
  return rowsOf<Row>(
    manager,
    `select ${REFUSED_COLUMNS} ${REFUSED} and ${where.join(' and ')}
      order by c.list_id, c.row_no limit ${ROWS_A_PAGE + 1}`,
    values,
  );
}

interface Search {
  /** Patterns of LIKE, for phones in E.164 and for the digits of a cell that was refused. */
  phones: string[];
  cells: string[];
}

/** In Russia a number is said with an 8 in front, also when only its beginning is said. */
function searchOf(text: string): Search | null {
  if (text.trim() === '') return null;
  const phone = normalisePhone(text);
  if (phone.ok) {
    const national = phone.e164.replace(/^\+7?/, '');
    return { phones: [phone.e164], cells: [`%${national}%`] };
  }
  const digits = text.replace(/[\s()+.–-]/g, '');
  if (!/^\d+$/.test(digits) || digits.length < SHORTEST_SEARCH) throw new ProblemError('search_too_short');
  const withPrefix = digits.startsWith('8') ? [`+7${digits.slice(1)}%`] : [];
  return { phones: [`%${digits}%`, ...withPrefix], cells: [`%${digits}%`] };
}

function placeOf(text: string | undefined): Place | null {
  if (text === undefined) return null;
  const [first, second] = text.slice(1).split('.').map(Number);
  return text.startsWith('m') ? { position: first! } : { list: first!, row: second! };
}

function nameOf({ position, list, row }: Row): string {
  return position === null ? `r${list}.${row}` : `m${position}`;
}

export function rowOf(row: Row): ReportRow {
  const { position: _position, sentAt, deliveredAt, readAt, repliedAt, ...rest } = row;
  const instant = (at: Date | null) => at?.toISOString() ?? null;
  return {
    ...rest,
    sentAt: instant(sentAt),
    deliveredAt: instant(deliveredAt),
    readAt: instant(readAt),
    repliedAt: instant(repliedAt),
  };
}

/** One row of a run. @returns null where the run has no such row */
export async function reportRow(
  manager: EntityManager,
  { accountId, campaignId, run }: RunKey,
  list: number,
  row: number,
): Promise<(Row & DetailColumns) | null> {
  const values = [accountId, campaignId, run, list, row];
  const details = `, l.slot, l.file_name as "fileName", l.columns, c.cells`;
  const [message] = await rowsOf<Row & DetailColumns>(
    manager,
    `select ${MESSAGE_COLUMNS}, m.provider_id as "providerId" ${details} ${MESSAGES}
        and m.list_id = $4 and m.row_no = $5 limit 1`,
    values,
  );
  if (message) return message;
  const [other] = await rowsOf<Row & DetailColumns>(
    manager,
    `select ${REFUSED_COLUMNS}, null as "providerId" ${details} ${REFUSED} and c.list_id = $4 and c.row_no = $5 limit 1`,
    values,
  );
  return other ?? null;
}

export interface DetailColumns {
  providerId: string | null;
  slot: 'main' | 'additional';
  fileName: string;
  columns: string[];
  cells: string[];
}
