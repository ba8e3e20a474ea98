/** A campaign as it happens: its stream of server-sent events, and how fast a run went over time. */
import * as v from 'valibot';
import { Count } from './message-states.ts';

/**
 * The only event of `GET /api/campaigns/{id}/events`: the whole campaign, as `GET /api/campaigns/{id}` gives it. The
 * first comes at once, the others when something has changed. Nothing hangs on an earlier one, so none can be missed.
 */
export const CAMPAIGN_EVENT = 'campaign';

/** How often a stream that has nothing to say shows that it is alive, in ms. */
export const HEARTBEAT_MS = 4000;

/** A stream that has been silent for so long is dead: the network is gone, or the computer slept. In ms. */
export const SILENT_AFTER_MS = 11_000;

const Instant = v.string();

/** More would not be seen on a chart. */
export const MAX_PACE_POINTS = 720;

/** How fast the last run went, from its rows. */
export const PaceSchema = v.object({
  run: Count,
  from: Instant,
  /** Now, or when the run last stopped. */
  to: Instant,
  /** Of each count; a whole number of minutes, the more the longer the run. */
  bucketSeconds: Count,
  /** Messages handed over in each stretch of so many seconds from `from` on; the last may not be over. */
  counts: v.pipe(v.array(Count), v.maxLength(MAX_PACE_POINTS)),
  /** The set rates, each from an instant on, the first from `from`. */
  rates: v.array(v.object({ at: Instant, perMinute: Count })),
  /** When it was paused; `to` is null for a pause that goes on. */
  pauses: v.array(v.object({ from: Instant, to: v.nullable(Instant) })),
});
export type Pace = v.InferOutput<typeof PaceSchema>;
