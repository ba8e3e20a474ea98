import type { DataSource, EntityManager } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { joined, RegistryError, type NumberRange } from './read-registry.ts';

/** Whether it is known which number is from where. */
export async function hasRanges(manager: EntityManager): Promise<boolean> {
  return (await rowsOf(manager, 'select 1 from number_range limit 1')).length > 0;
}

/**
 * Puts these ranges in the place of all that were there, at once: a Start meanwhile has the old ones or the new. Queues that
 * are there already stay as they are.
 *
 * @returns how many there are now
 * @throws RegistryError where they overlap, or PostgreSQL does not know one of the zones; nothing is changed then
 */
export async function loadRanges(dataSource: DataSource, ranges: readonly NumberRange[]): Promise<number> {
  const all = joined(ranges);
  await dataSource.transaction(async (manager) => {
    const unknown = await rowsOf<{ zone: string }>(
      manager,
      `select zone from unnest($1::text[]) zone where zone not in (select name from pg_timezone_names)`,
      [[...new Set(all.map(({ zone }) => zone))]],
    );
    if (unknown.length > 0) {
      throw new RegistryError(
        `this PostgreSQL knows no time zone ${unknown.map(({ zone }) => zone).join(', ')}`,
      );
    }
    await manager.query('delete from number_range');
    await manager.query(
      `insert into number_range (low, high, zone)
       select * from unnest($1::bigint[], $2::bigint[], $3::text[])`,
      [all.map(({ low }) => low), all.map(({ high }) => high), all.map(({ zone }) => zone)],
    );
    await manager.query('analyze number_range');
  });
  return all.length;
}
