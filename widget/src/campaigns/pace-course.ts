/** From what the server counted to what is drawn and said: messages a minute, beside the rate that was set. */
import type { Pace } from '../../../contract/live.ts';

/** Of a stretch that is not over: less says nothing about a minute. */
const LEAST_SECONDS = 15;
/** Rows of the table: more would be read by nobody. */
const TABLE_ROWS = 24;

export interface Course {
  /** Beginnings of the stretches and the end of the last, in seconds since 1970. */
  times: number[];
  /** Handed over, in messages a minute; null where it cannot be told yet. The last repeats, to close its stretch. */
  perMinute: (number | null)[];
  /** Set, in messages a minute; null while paused. */
  rate: (number | null)[];
}

export function courseOf(pace: Pace): Course {
  const from = seconds(pace.from);
  const to = seconds(pace.to);
  const times: number[] = [];
  const perMinute: (number | null)[] = [];
  const rate: (number | null)[] = [];
  pace.counts.forEach((count, i) => {
    const begins = from + i * pace.bucketSeconds;
    const lasted = Math.min(pace.bucketSeconds, to - begins);
    const set = rateAt(pace, begins, begins + lasted);
    times.push(begins);
    perMinute.push(lasted < LEAST_SECONDS ? null : minutely(count, lasted, set));
    rate.push(set);
  });
  if (times.length > 0) {
    times.push(Math.max(to, times.at(-1)! + 1));
    perMinute.push(perMinute.at(-1)!);
    rate.push(rate.at(-1)!);
  }
  return { times, perMinute, rate };
}

/**
 * What has begun less than a minute ago holds one message more than its time asks for, because the first goes at once: no
 * minute holds more than what is set, so that is not what is said of it either.
 */
function minutely(count: number, seconds: number, set: number | null): number {
  const told = (count * 60) / seconds;
  return seconds < 60 && set !== null ? Math.min(told, Math.max(set, count)) : told;
}

/** The greatest that was set within a stretch, which is what it may hold; null where all of it was a pause. */
function rateAt(pace: Pace, begins: number, ends: number): number | null {
  const paused = pace.pauses.some(
    (pause) => seconds(pause.from) <= begins && (pause.to === null || seconds(pause.to) >= ends),
  );
  if (paused) return null;
  const first = pace.rates.findLastIndex(({ at }) => seconds(at) <= begins);
  const set = pace.rates.slice(Math.max(0, first)).filter(({ at }, i) => i === 0 || seconds(at) < ends);
  return set.length === 0 ? null : Math.max(...set.map(({ perMinute }) => perMinute));
}

export interface CourseSummary {
  /** Messages a minute over the time that was not paused, to one decimal. */
  average: number;
  most: number;
  /** The least and the greatest that were set, in messages a minute. */
  set: [least: number, greatest: number];
  messages: number;
}

/** @returns null while there is nothing to tell */
export function summaryOf(pace: Pace): CourseSummary | null {
  const { times, perMinute, rate } = courseOf(pace);
  if (perMinute.every((value) => value === null)) return null;
  // A pause that took only a part of a stretch leaves what was sent in it.
  const ran = pace.counts.map((count, i) => (rate[i] !== null || count > 0 ? times[i + 1]! - times[i]! : 0));
  const time = ran.reduce((sum, lasted) => sum + lasted, 0);
  if (time === 0) return null;
  const messages = pace.counts.reduce((sum, count) => sum + count, 0);
  const set = pace.rates.map((each) => each.perMinute);
  const greatest = Math.max(...set);
  return {
    average: Math.round(minutely(messages, time, greatest) * 10) / 10,
    // The end that is too short to be told holds at least what was sent in it.
    most: Math.round(Math.max(...perMinute.map((value, i) => value ?? pace.counts[i] ?? 0))),
    set: [Math.min(...set), greatest],
    messages,
  };
}

export interface CourseRow {
  /** Milliseconds since 1970. */
  from: number;
  messages: number;
  rate: number | null;
}

/** The same in a few rows, for those who cannot see the chart. */
export function tableOf(pace: Pace): CourseRow[] {
  const { times, rate } = courseOf(pace);
  const step = Math.ceil(pace.counts.length / TABLE_ROWS);
  const rows: CourseRow[] = [];
  for (let i = 0; i < pace.counts.length; i += step) {
    rows.push({
      from: times[i]! * 1000,
      messages: pace.counts.slice(i, i + step).reduce((sum, count) => sum + count, 0),
      rate: rate.slice(i, Math.min(i + step, pace.counts.length)).find((set) => set !== null) ?? null,
    });
  }
  return rows;
}

function seconds(instant: string): number {
  return Date.parse(instant) / 1000;
}
