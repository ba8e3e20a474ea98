/** Hours of the day in which a campaign sends, by the clock of the account's zone; between them it waits. */
import * as v from 'valibot';
import { instantToLocal, localToInstant } from './zoned-time.ts';

const DAY_MS = 86_400_000;
/** Less would be a campaign that hardly ever sends. */
export const SHORTEST_HOURS = 1;

const ClockTime = v.pipe(v.string('hours_invalid'), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'hours_invalid'));

/** `from` and `to` as a time input gives them: `09:00`, `21:00`. Both are of the same day. */
export const SendingHoursSchema = v.pipe(
  v.object({ from: ClockTime, to: ClockTime }),
  v.check(({ from, to }) => minutes(to) - minutes(from) >= SHORTEST_HOURS * 60, 'hours_invalid'),
);
export type SendingHours = v.InferOutput<typeof SendingHoursSchema>;

/** Until nine in the evening, as is usual where the law names hours for calls and advertising. */
export const USUAL_HOURS: SendingHours = { from: '09:00', to: '21:00' };

function minutes(clock: string): number {
  const [hour, minute] = clock.split(':').map(Number);
  return hour! * 60 + minute!;
}

/** @returns when sending may go on, in ms since 1970: `instant` itself within the hours */
export function nextOpen(instant: number, hours: SendingHours, zone: string): number {
  const local = instantToLocal(new Date(instant), zone);
  const clock = local.slice(11);
  if (clock >= hours.from && clock < hours.to) return instant;
  return at(clock < hours.from ? dateOf(local) : dayAfter(dateOf(local), 1), hours.from, zone);
}

/**
 * When something is done that takes `ms` of sending, begun at `instant`. Exact but for changes to summer time more than
 * a few days away.
 */
export function endOfSending(instant: number, ms: number, hours: SendingHours | null, zone: string): number {
  if (!hours) return instant + ms;
  const daily = (minutes(hours.to) - minutes(hours.from)) * 60_000;
  let left = ms;
  for (let now = nextOpen(instant, hours, zone); ;) {
    const date = dateOf(instantToLocal(new Date(now), zone));
    const today = at(date, hours.to, zone) - now;
    if (left <= today) return now + left;
    left -= today;
    // A list of months is not counted day by day.
    const whole = Math.max(0, Math.floor(left / daily) - 1);
    left -= whole * daily;
    now = at(dayAfter(date, whole + 1), hours.from, zone);
  }
}

function dateOf(local: string): string {
  return local.slice(0, 10);
}

function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

function at(date: string, clock: string, zone: string): number {
  return localToInstant(`${date}T${clock}`, zone)!.getTime();
}
