import type { EntityManager } from 'typeorm';

/**
 * Runs SQL and gives its rows. TypeORM answers what ends in UPDATE or DELETE with `[rows, count]` and everything
 * else with the rows alone; this is the one place that knows. A row is an object, so the two cannot be confused.
 */
export async function rowsOf<Row>(
  manager: EntityManager,
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  const result = (await manager.query(sql, parameters)) as Row[] | [Row[], number];
  return isPair(result) ? result[0] : result;
}

/** How many rows a statement that ends in UPDATE or DELETE changed. */
export async function changedRows(
  manager: EntityManager,
  sql: string,
  parameters: unknown[] = [],
): Promise<number> {
  const result = (await manager.query(sql, parameters)) as unknown[] | [unknown[], number];
  if (!isPair(result)) throw new Error('not an UPDATE or DELETE');
  return result[1];
}

function isPair<Row>(result: Row[] | [Row[], number]): result is [Row[], number] {
  return result.length === 2 && Array.isArray(result[0]) && typeof result[1] === 'number';
}

/**
 * For the rest of the transaction: plans for statements that touch every row of a list. Right after a COPY the
 * planner has no statistics and takes 600,000 rows for one; a nested loop over them would run for hours.
 */
export async function planForManyRows(manager: EntityManager): Promise<void> {
  await manager.query('set local enable_nestloop = off');
}
