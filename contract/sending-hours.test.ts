import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as v from 'valibot';
import {
  endByZones,
  endOfSending,
  firstOpen,
  nextOpen,
  SendingHoursSchema,
  USUAL_HOURS,
} from './sending-hours.ts';
import { instantToLocal, zoneOffset } from './zoned-time.ts';

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

describe('by the recipients’ clocks', () => {
  const MINUTE = 60_000;
  const EAST = 'Asia/Kamchatka';
  const WEST = 'Europe/Kaliningrad';
  // Noon in Kamchatka, two in the morning in Kaliningrad.
  const now = at('2026-11-25T00:00Z');

  test.each([
    ['nobody', [], '2026-11-25T00:00'],
    ['an hour for the east', [[EAST, 60]], '2026-11-25T01:00'],
    ['an hour for the west, in its morning', [[WEST, 60]], '2026-11-25T08:00'],
    [
      'an hour for each',
      [
        [WEST, 60],
        [EAST, 60],
      ],
      '2026-11-25T08:00',
    ],
    [
      'more than the east has left today',
      [
        [EAST, 600],
        [WEST, 60],
      ],
      '2026-11-25T22:00',
    ],
    [
      'more than the two have together',
      [
        [EAST, 720],
        [WEST, 720],
      ],
      '2026-11-26T09:00',
    ],
  ] as const)('%s', (_, parts, end) => {
    const zones = parts.map(([zone, minutes]) => ({ zone, ms: minutes * MINUTE }));
    expect(said(endByZones(now, zones, USUAL_HOURS))).toBe(end);
  });

  test('the first to open', () => {
    expect(said(firstOpen(now, [WEST, EAST], USUAL_HOURS))).toBe('2026-11-25T00:00');
    expect(said(firstOpen(now, [WEST, MOSCOW], USUAL_HOURS))).toBe('2026-11-25T06:00');
  });

  const ZONES = [EAST, 'Asia/Irkutsk', 'Asia/Kolkata', MOSCOW, WEST];
  const parts = fc.uniqueArray(
    fc.record({
      zone: fc.constantFrom(...ZONES),
      ms: fc.integer({ min: 0, max: 1500 }).map((n) => n * MINUTE),
    }),
    { selector: ({ zone }) => zone },
  );

  test('it is what a walk from minute to minute finds', () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 1439 }), (zones, minute) => {
        const start = now + minute * MINUTE;
        const left = zones.map(({ zone, ms }) => ({ offset: zoneOffset(now, zone), ms }));
        let at = start;
        let current: (typeof left)[number] | undefined;
        const clock = ({ offset }: { offset: number }) => ((at + offset) / MINUTE) % 1440;
        const isOpen = (each: { offset: number }) => clock(each) >= 540 && clock(each) < 1260;
        while (left.some(({ ms }) => ms > 0)) {
          if (!current || current.ms === 0 || !isOpen(current)) {
            current = left
              .filter((each) => each.ms > 0 && isOpen(each))
              .toSorted((a, b) => clock(b) - clock(a))[0];
          }
          if (current) current.ms -= MINUTE;
          at += MINUTE;
        }
        expect(endByZones(start, zones, USUAL_HOURS)).toBe(at);
      }),
    );
  });

  test('of one zone it is the end that its hours make', () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.integer({ min: 1, max: 5000 }), (zone, minutes) => {
        const ms = minutes * MINUTE;
        expect(endByZones(now, [{ zone, ms }], USUAL_HOURS)).toBe(endOfSending(now, ms, USUAL_HOURS, zone));
      }),
    );
  });

  test('a year of it is found at once', () => {
    const many = ZONES.map((zone) => ({ zone, ms: 100_000 * MINUTE }));
    expect(said(endByZones(now, many, USUAL_HOURS))).toMatch(/^202[78]/);
  });
});
