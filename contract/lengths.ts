/** What the rows of the files make of a message: how long it gets, and where it stays empty. */
import * as v from 'valibot';
import { METHODS } from './channel.ts';
import { LIST_SLOTS } from './list.ts';
import { Count } from './message-states.ts';

/** How many of the longest rows are named. */
export const LONGEST_ROWS = 5;

export const LongRowSchema = v.object({
  list: v.picklist(LIST_SLOTS),
  /** Line of the file as a spreadsheet numbers it. */
  row: Count,
  segments: Count,
  /** Septets or UTF-16 units, as `encoding` says. */
  units: Count,
  encoding: v.picklist(['gsm', 'ucs2']),
  /** As it would be sent; the first 1000 characters. */
  text: v.string(),
});
export type LongRow = v.InferOutput<typeof LongRowSchema>;

export const LengthsSchema = v.object({
  method: v.picklist(METHODS),
  /** False: all counts are scaled up from a sample. */
  exact: v.boolean(),
  /** Rows that would be sent: not refused, not on the stop list, and no duplicates where those are removed. */
  rows: Count,
  /** SMS: rows by their number of segments, 1 to 5. Rows of more are in `tooLong`, those of none in `blank`. */
  segments: v.record(v.string(), Count),
  /** Not sent: more than five segments. */
  tooLong: Count,
  /** Not sent: nothing is left of the text but empty variables. */
  blank: Count,
  /** Rows that go in UCS-2. */
  ucs2: Count,
  /** One to three characters that alone keep so many rows from the GSM alphabet; the costliest first. */
  forcing: v.array(v.object({ characters: v.array(v.string()), rows: Count })),
  longest: v.array(LongRowSchema),
  /** Variables whose cell is empty in some rows: the column of an SMS, the key of a template's variable. */
  empty: v.array(v.object({ variable: v.string(), fallback: v.boolean(), rows: Count })),
  /** Rows with at least one empty variable that has no fallback. A template is not sent to them. */
  unfilled: Count,
  /** Rows of each file that will not be sent because of their message; they can be downloaded. */
  unsendable: v.object({ main: Count, additional: Count }),
});
export type Lengths = v.InferOutput<typeof LengthsSchema>;
