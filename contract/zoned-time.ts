/**
 * Clock time in an IANA zone ("2026-11-24T10:00", as a datetime-local input gives it) to an instant and back.
 * A time skipped by a change to summer time is later by the length of the gap; of two equal times the first is taken.
 */
const LOCAL = /^[1-9]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}$/;

/** Milliseconds by which the zone's clock is ahead of UTC at an instant. */
export function zoneOffset(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(instant);
  const get = (type: string) => Number(parts.find((part) => part.type === type)!.value);
  const local = Date.UTC(
    get('year'),
    get('month') - 1,
    get('day'),
    get('hour'),
    get('minute'),
    get('second'),
  );
  return local - Math.floor(instant / 1000) * 1000;
}

/** @returns the instant, or null where the text is not a date and time */
export function localToInstant(local: string, zone: string): Date | null {
  if (!LOCAL.test(local)) return null;
  const asUtc = Date.parse(`${local}Z`);
  // `2026-02-30` is read as the 2nd of March, or not at all.
  if (Number.isNaN(asUtc) || new Date(asUtc).toISOString().slice(0, 16) !== local) return null;
  const before = asUtc - zoneOffset(asUtc - 86_400_000, zone);
  const after = asUtc - zoneOffset(asUtc + 86_400_000, zone);
  const matches = [before, after].filter((instant) => instant + zoneOffset(instant, zone) === asUtc);
  return new Date(matches.length > 0 ? Math.min(...matches) : Math.max(before, after));
}

export function instantToLocal(instant: Date, zone: string): string {
  return new Date(instant.getTime() + zoneOffset(instant.getTime(), zone)).toISOString().slice(0, 16);
}

export function isTimeZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
