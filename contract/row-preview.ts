import * as v from 'valibot';
import { LIST_SLOTS, MAX_PHONE_LENGTH, REFUSALS } from './list.ts';
import { Count } from './message-states.ts';

/** A whole number as the database keeps it. */
const LAST_ROW = 2 ** 31 - 1;

/** What Start would do with a row. */
export const ROW_FATES = [
  'queued',
  'refused',
  'duplicate',
  'stopped',
  'sms_too_long',
  'empty_variable',
] as const;
export type RowFate = (typeof ROW_FATES)[number];

/** One row of the loaded files: by its place, by its number, or by neither, the first that would be written to. */
export const RowPreviewRequestSchema = v.object({
  slot: v.optional(v.picklist(LIST_SLOTS, 'malformed')),
  /** Line of the file as a spreadsheet numbers it; of the main one unless `slot` says otherwise. */
  row: v.optional(
    v.pipe(
      v.number('malformed'),
      v.integer('malformed'),
      v.minValue(1, 'malformed'),
      v.maxValue(LAST_ROW, 'malformed'),
    ),
  ),
  /** As a person types it. Goes before `row`. */
  phone: v.optional(v.pipe(v.string('malformed'), v.maxLength(MAX_PHONE_LENGTH, 'phone_invalid'))),
});
export type RowPreviewRequest = v.InferOutput<typeof RowPreviewRequestSchema>;

/** The message of a row as it would be sent with the settings as they are saved. */
export const RowPreviewSchema = v.object({
  slot: v.picklist(LIST_SLOTS),
  list: Count,
  row: Count,
  /** Shortened; null for a refused row. */
  phone: v.nullable(v.string()),
  fate: v.picklist(ROW_FATES),
  refusal: v.nullable(v.picklist(REFUSALS)),
  /** As the customer would read it; null while there is no message, and for a refused row. */
  text: v.nullable(v.string()),
  /** SMS only. */
  segments: v.nullable(Count),
  /** Variables that stay empty on this row. */
  empty: v.array(v.string()),
  columns: v.array(v.string()),
  /** One for each column; a short row has fewer. */
  cells: v.array(v.string()),
});
export type RowPreview = v.InferOutput<typeof RowPreviewSchema>;

/** A number may stand in several rows; more than these are not shown. */
export const MAX_ROW_PREVIEWS = 5;
