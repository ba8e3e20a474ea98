import type { EntityManager } from 'typeorm';
import { zoneOffset } from '../../../contract/zoned-time.ts';
import { rowsOf } from './rows.ts';

/** Which names this server knows; that does not change while it runs. */
const known = new Map<string, boolean>();

/**
 * A zone by a name that PostgreSQL takes and has the same clock for now as Node: its own name, or, where one of their lists
 * of zones is older than the other's, the offset that it has. A name it does not know would be an error in every statement.
 */
export async function zoneInDatabase(manager: EntityManager, zone: string): Promise<string> {
  const offset = zoneOffset(Date.now(), zone);
  return (await hasOffset(manager, zone, offset)) ? zone : fixedZone(offset);
}

async function hasOffset(manager: EntityManager, zone: string, offsetMs: number): Promise<boolean> {
  if (!known.has(zone)) {
    const found = await rowsOf(manager, 'select 1 from pg_timezone_names where name = $1', [zone]);
    known.set(zone, found.length > 0);
  }
  if (!known.get(zone)) return false;
  const [row] = await rowsOf<{ ms: number }>(
    manager,
    `select extract(epoch from now() at time zone $1 - now() at time zone 'UTC')::float8 * 1000 as ms`,
    [zone],
  );
  return row!.ms === offsetMs;
}

/** In POSIX a zone is named by what has to be added to its clock to get UTC. */
export function fixedZone(offsetMs: number): string {
  const minutes = Math.round(Math.abs(offsetMs) / 60_000);
  const clock = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;
  return offsetMs < 0 ? `<-${clock}>+${clock}` : `<+${clock}>-${clock}`;
}
