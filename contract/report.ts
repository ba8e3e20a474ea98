/** What became of everybody: a run in groups, and its rows page by page. */
import * as v from 'valibot';
import { RESTART_SCOPES } from './campaign-states.ts';
import { METHODS } from './channel.ts';
import { Count, RowAccountSchema } from './message-states.ts';

export const REPORT_STATES = [
  'refused',
  'duplicate',
  'stopped',
  'cancelled',
  'queued',
  'sending',
  'sent',
  'delivered',
  'read',
  'failed',
  'unknown',
] as const;
export type ReportState = (typeof REPORT_STATES)[number];

/** What the table of rows can be narrowed to: a state, or those who have replied. */
export const ROW_FILTERS = [...REPORT_STATES, 'replied'] as const;

/** Fewer digits are in too many numbers. */
export const SHORTEST_SEARCH = 4;
export const ROWS_A_PAGE = 50;

const Instant = v.nullable(v.string());

export const ReportGroupSchema = v.object({
  state: v.picklist(REPORT_STATES),
  reason: v.nullable(v.string()),
  count: Count,
  /** What the provider said, in its own words, the most frequent first. */
  words: v.array(v.string()),
});
export type ReportGroup = v.InferOutput<typeof ReportGroupSchema>;

export const RunReportSchema = v.object({
  run: Count,
  scope: v.picklist(RESTART_SCOPES),
  startedAt: v.string(),
  finishedAt: Instant,
  /** The host's user id, or `system`. */
  startedBy: v.string(),
  method: v.picklist(METHODS),
  account: RowAccountSchema,
  replied: Count,
  /** Of rows that did not get through, the largest first. */
  groups: v.array(ReportGroupSchema),
});
export type RunReport = v.InferOutput<typeof RunReportSchema>;

export const ReportRowsQuerySchema = v.object({
  state: v.optional(v.picklist(ROW_FILTERS, 'malformed')),
  reason: v.optional(v.pipe(v.string(), v.maxLength(100, 'malformed'))),
  list: v.optional(v.pipe(v.string(), v.regex(/^\d{1,9}$/, 'malformed'))),
  /** A number in any spelling, or some of its digits in a row. */
  search: v.optional(v.pipe(v.string(), v.maxLength(40, 'search_too_short'))),
  /** `next` of the page before. */
  after: v.optional(v.pipe(v.string(), v.regex(/^(m\d{1,9}|r\d{1,9}\.\d{1,9})$/, 'malformed'))),
});
export type ReportRowsQuery = v.InferOutput<typeof ReportRowsQuerySchema>;

export const ReportRowSchema = v.object({
  list: Count,
  row: Count,
  /** E.164; null where the row was refused. */
  phone: v.nullable(v.string()),
  /** As it stood in the file. */
  cell: v.string(),
  state: v.picklist(REPORT_STATES),
  reason: v.nullable(v.string()),
  detail: v.nullable(v.string()),
  segments: v.nullable(Count),
  sentAt: Instant,
  deliveredAt: Instant,
  readAt: Instant,
  repliedAt: Instant,
});
export type ReportRow = v.InferOutput<typeof ReportRowSchema>;

export const ReportPageSchema = v.object({
  data: v.array(ReportRowSchema),
  /** Where the next page begins; null on the last. */
  next: v.nullable(v.string()),
});
export type ReportPage = v.InferOutput<typeof ReportPageSchema>;

export const ReportRowDetailsSchema = v.object({
  ...ReportRowSchema.entries,
  slot: v.picklist(['main', 'additional']),
  fileName: v.string(),
  cells: v.array(v.object({ column: v.string(), value: v.string() })),
  /** The message to this person; null where there was none to write. */
  text: v.nullable(v.string()),
  providerId: v.nullable(v.string()),
  /** `chat`: the host's id of the chat that the reply opened; null before that. */
  replies: v.array(v.object({ at: v.string(), text: v.string(), chat: v.nullable(v.string()) })),
});
export type ReportRowDetails = v.InferOutput<typeof ReportRowDetailsSchema>;
