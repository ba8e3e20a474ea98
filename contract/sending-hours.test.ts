import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import { endOfSending, nextOpen, SendingHoursSchema, USUAL_HOURS } from './sending-hours.ts';
import { instantToLocal } from './zoned-time.ts';

const MOSCOW = 'Europe/Moscow';
const at = (text: string) => Date.parse(text);
const said = (instant: number) => new Date(instant).toISOString().slice(0, 16);

test.each([
  [{ from: '09:00', to: '21:00' }, true],
  [{ from: '00:00', to: '23:59' }, true],
  [{ from: '09:00', to: '10:00' }, true],
  [{ from: '09:00', to: '09:59' }, false],
  [{ from: '21:00', to: '09:00' }, false],
  [{ from: '9:00', to: '21:00' }, false],
  [{ from: '09:00', to: '24:00' }, false],
  [{ from: '', to: '21:00' }, false],
])('%j: %s', (hours, valid) => expect(v.is(SendingHoursSchema, hours)).toBe(valid));

describe('when sending may go on, nine to nine in Moscow', () => {
  test.each([
    ['in the morning before', '2026-11-25T05:59:59Z', '2026-11-25T06:00'],
    ['at the first moment', '2026-11-25T06:00:00Z', '2026-11-25T06:00'],
    ['in the middle', '2026-11-25T12:34:00Z', '2026-11-25T12:34'],
    ['at the last minute', '2026-11-25T17:59:00Z', '2026-11-25T17:59'],
    ['at the end', '2026-11-25T18:00:00Z', '2026-11-26T06:00'],
    ['at night, in UTC still the day before', '2026-11-25T22:00:00Z', '2026-11-26T06:00'],
    ['on the last evening of a year', '2026-12-31T20:00:00Z', '2027-01-01T06:00'],
  ])('%s', (_, now, open) => expect(said(nextOpen(at(now), USUAL_HOURS, MOSCOW))).toBe(open));
});

describe('the end of what takes', () => {
  const HOUR = 3_600_000;
  test.each([
    ['nothing, at night', '2026-11-25T22:00Z', 0, '2026-11-26T06:00'],
    ['an hour within the day', '2026-11-25T07:00Z', 1, '2026-11-25T08:00'],
    ['exactly what is left of the day', '2026-11-25T17:00Z', 1, '2026-11-25T18:00'],
    ['two hours, one of them tomorrow', '2026-11-25T17:00Z', 2, '2026-11-26T07:00'],
    ['a hundred days', '2026-11-25T06:00Z', 1200, '2027-03-04T18:00'],
    ['a hundred days and an hour', '2026-11-25T06:00Z', 1201, '2027-03-05T07:00'],
  ])('%s', (_, from, hours, end) =>
    expect(said(endOfSending(at(from), hours * HOUR, USUAL_HOURS, MOSCOW))).toBe(end),
  );

  test('any time without hours', () => expect(endOfSending(5, 7, null, MOSCOW)).toBe(12));

  test('half a day across a change to summer time is the same on the clock', () => {
    const end = endOfSending(at('2026-03-28T08:00Z'), 13 * HOUR, USUAL_HOURS, 'Europe/Berlin');
    expect(instantToLocal(new Date(end), 'Europe/Berlin')).toBe('2026-03-29T10:00');
  });
});

test('whatever the hours, the end lies within them and later for more, and it is found at once', () => {
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const hours = fc
    .tuple(fc.integer({ min: 0, max: 1379 }), fc.integer({ min: 60, max: 1439 }))
    .filter(([from, length]) => from + length <= 1439)
    .map(([from, length]) => ({ from: clock(from), to: clock(from + length) }));
  const instant = fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2028-01-01T00:00Z') });
  const zone = fc.constantFrom(MOSCOW, 'Asia/Kamchatka', 'Europe/Berlin', 'America/St_Johns', 'UTC');
  fc.assert(
    fc.property(
      hours,
      instant,
      fc.integer({ min: 0, max: 36_000_000_000 }),
      zone,
      (window, from, ms, where) => {
        const end = endOfSending(from, ms, window, where);
        expect(end).toBeGreaterThanOrEqual(from + ms);
        const onClock = instantToLocal(new Date(end - 1), where).slice(11);
        // The hour that a change to summer time leaves out may hold the beginning.
        if (ms > 0 && where !== 'Europe/Berlin' && where !== 'America/St_Johns') {
          expect(onClock >= window.from && onClock < window.to).toBe(true);
        }
        expect(endOfSending(from, ms + 60_000, window, where)).toBeGreaterThan(end);
      },
    ),
  );
});
