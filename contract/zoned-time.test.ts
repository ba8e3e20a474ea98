import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { instantToLocal, isTimeZone, localToInstant, zoneOffset } from './zoned-time.ts';

const ZONES = [
  'UTC',
  'Europe/Kaliningrad',
  'Europe/Moscow',
  'Asia/Yekaterinburg',
  'Asia/Kamchatka',
  'Asia/Almaty',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Europe/Berlin',
  'America/New_York',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
];

test.each([
  ['2026-11-24T10:00', 'Europe/Moscow', '2026-11-24T07:00:00.000Z'],
  ['2026-11-24T00:00', 'Europe/Moscow', '2026-11-23T21:00:00.000Z'],
  ['2026-01-01T00:30', 'Asia/Kamchatka', '2025-12-31T12:30:00.000Z'],
  ['2026-07-01T10:00', 'Europe/Berlin', '2026-07-01T08:00:00.000Z'],
  ['2026-12-31T23:59', 'America/New_York', '2027-01-01T04:59:00.000Z'],
  ['2028-02-29T12:00', 'Asia/Kathmandu', '2028-02-29T06:15:00.000Z'],
])('%s in %s is %s', (local, zone, instant) => {
  expect(localToInstant(local, zone)?.toISOString()).toBe(instant);
  expect(instantToLocal(new Date(instant), zone)).toBe(local);
});

describe('changes of the clock', () => {
  test.each([
    ['a minute before the gap', '2026-03-29T01:59', '2026-03-29T00:59:00.000Z', '2026-03-29T01:59'],
    ['the first skipped minute', '2026-03-29T02:00', '2026-03-29T01:00:00.000Z', '2026-03-29T03:00'],
    ['in the gap: later by its length', '2026-03-29T02:30', '2026-03-29T01:30:00.000Z', '2026-03-29T03:30'],
    ['right after the gap', '2026-03-29T03:00', '2026-03-29T01:00:00.000Z', '2026-03-29T03:00'],
    ['a minute before the overlap', '2026-10-25T01:59', '2026-10-24T23:59:00.000Z', '2026-10-25T01:59'],
    ['in the overlap: the first of two', '2026-10-25T02:30', '2026-10-25T00:30:00.000Z', '2026-10-25T02:30'],
    ['right after the overlap', '2026-10-25T03:00', '2026-10-25T02:00:00.000Z', '2026-10-25T03:00'],
  ])('%s', (_, local, instant, shown) => {
    const found = localToInstant(local, 'Europe/Berlin')!;
    expect(found.toISOString()).toBe(instant);
    expect(instantToLocal(found, 'Europe/Berlin')).toBe(shown);
  });

  test('a gap of half an hour and one of a whole day', () => {
    const shown = (local: string, zone: string) => instantToLocal(localToInstant(local, zone)!, zone);
    expect(shown('2026-10-04T02:10', 'Australia/Lord_Howe')).toBe('2026-10-04T02:40');
    expect(shown('2011-12-30T10:00', 'Pacific/Apia')).toBe('2011-12-31T10:00');
  });
});

test.each([
  '',
  'завтра',
  '2026-11-24',
  '2026-11-24 10:00',
  '2026-11-24T10:00:00',
  '2026-11-24T10:00Z',
  '2026-11-24T24:00',
  '2026-11-24T10:60',
  '2026-11-31T10:00',
  '2026-02-29T10:00',
  '2026-11-00T10:00',
  '2026-13-05T10:00',
  '2026-00-05T10:00',
  '0026-11-24T10:00',
])('%j is not a date and time', (local) => {
  expect(localToInstant(local, 'Europe/Moscow')).toBeNull();
});

test('the offset is that of the instant, to the second', () => {
  expect(zoneOffset(Date.parse('2026-01-01T00:00:00.999Z'), 'Europe/Moscow')).toBe(3 * 3_600_000);
  expect(zoneOffset(Date.parse('2026-07-01T00:00:00Z'), 'America/St_Johns')).toBe(-2.5 * 3_600_000);
  expect(zoneOffset(Date.parse('1969-12-31T23:59:59.500Z'), 'UTC')).toBe(0);
});

test('property: an instant of whole minutes comes back, but for the second of two equal clock times', () => {
  const minutes = fc.integer({
    min: Date.parse('2000-01-01T00:00Z') / 60_000,
    max: Date.parse('2060-01-01T00:00Z') / 60_000,
  });
  fc.assert(
    fc.property(minutes, fc.constantFrom(...ZONES), (minute, zone) => {
      const instant = new Date(minute * 60_000);
      const local = instantToLocal(instant, zone);
      const back = localToInstant(local, zone)!;
      expect(instantToLocal(back, zone)).toBe(local);
      expect(back.getTime()).toBeLessThanOrEqual(instant.getTime());
      expect(instant.getTime() - back.getTime()).toBeLessThanOrEqual(3_600_000);
    }),
    { numRuns: 400 },
  );
});

test('a zone is known by its IANA name', () => {
  expect(['Europe/Moscow', 'UTC', 'Mars/Olympus', '', 'Moscow time'].map(isTimeZone)).toEqual([
    true,
    true,
    false,
    false,
    false,
  ]);
});
