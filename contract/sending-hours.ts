/** Hours of the day in which a campaign sends, by the account's clock or each recipient's own; between them it waits. */
import * as v from 'valibot';
import { instantToLocal, localToInstant, zoneOffset } from './zoned-time.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Less would be a campaign that hardly ever sends. */
export const SHORTEST_HOURS = 1;

const ClockTime = v.pipe(v.string('hours_invalid'), v.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'hours_invalid'));

/** Whose clock counts: the account's, or that of the region a recipient's number is from. */
export const HOURS_ZONES = ['account', 'recipient'] as const;
export type HoursZone = (typeof HOURS_ZONES)[number];

/** `from` and `to` as a time input gives them: `09:00`, `21:00`. Both are of the same day. */
export const SendingHoursSchema = v.pipe(
  v.object({
    from: ClockTime,
    to: ClockTime,
    zone: v.optional(v.picklist(HOURS_ZONES, 'hours_zone_invalid'), 'account'),
  }),
  v.check(({ from, to }) => minutes(to) - minutes(from) >= SHORTEST_HOURS * 60, 'hours_invalid'),
);
export type SendingHours = v.InferOutput<typeof SendingHoursSchema>;

/** Until nine in the evening, as is usual where the law names hours for calls and advertising. */
export const USUAL_HOURS: SendingHours = { from: '09:00', to: '21:00', zone: 'account' };

export type ClockHours = Pick<SendingHours, 'from' | 'to'>;

function minutes(clock: string): number {
  const [hour, minute] = clock.split(':').map(Number);
  return hour! * 60 + minute!;
}

/** @returns when sending may go on, in ms since 1970: `instant` itself within the hours */
export function nextOpen(instant: number, hours: ClockHours, zone: string): number {
  const local = instantToLocal(new Date(instant), zone);
  const clock = local.slice(11);
  if (clock >= hours.from && clock < hours.to) return instant;
  return at(clock < hours.from ? dateOf(local) : dayAfter(dateOf(local), 1), hours.from, zone);
}

/**
 * When something is done that takes `ms` of sending, begun at `instant`. Exact but for changes to summer time more than
 * a few days away.
 */
export function endOfSending(instant: number, ms: number, hours: ClockHours | null, zone: string): number {
  if (!hours) return instant + ms;
  const daily = (minutes(hours.to) - minutes(hours.from)) * MINUTE_MS;
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

/** What is to be sent to the recipients of one zone: so many ms of sending. */
export interface ZonePart {
  zone: string;
  ms: number;
}

/**
 * When something is done whose recipients have different clocks: at any moment it goes to a zone within its hours, and
 * keeps to it until it is done or its hours end; of several the one whose hours end first is begun. Exact but for changes
 * to summer time.
 */
export function endByZones(instant: number, parts: readonly ZonePart[], hours: ClockHours): number {
  const [from, to] = [minutes(hours.from) * MINUTE_MS, minutes(hours.to) * MINUTE_MS];
  const left = parts.map(({ zone, ms }) => ({ offset: zoneOffset(instant, zone), ms }));
  const clock = (now: number, offset: number) => (now + offset) % DAY_MS;
  let now = instant;
  for (;;) {
    const waiting = left.filter(({ ms }) => ms > 0);
    if (waiting.length === 0) return now;
    const open = waiting.filter(({ offset }) => clock(now, offset) >= from && clock(now, offset) < to);
    if (open.length === 0) {
      now += Math.min(...waiting.map(({ offset }) => (from - clock(now, offset) + DAY_MS) % DAY_MS));
      continue;
    }
    const next = open.reduce((a, b) => (clock(now, b.offset) > clock(now, a.offset) ? b : a));
    const step = Math.min(next.ms, to - clock(now, next.offset));
    next.ms -= step;
    now += step;
  }
}

/** When the first of these zones is within its hours: `instant` itself where one is. */
export function firstOpen(instant: number, zones: readonly string[], hours: ClockHours): number {
  return Math.min(...zones.map((zone) => nextOpen(instant, hours, zone)));
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
