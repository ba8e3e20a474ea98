import type { DataSource } from 'typeorm';
import { createDataSource, migrate } from '../src/database/data-source.ts';
import { startTestPostgres } from '../test/postgres.ts';

export interface BenchDatabase {
  url: string;
  dataSource: DataSource;
}

/**
 * A PostgreSQL of its own, as durable as in production: fsync and synchronous_commit stay on. BENCH_DATABASE_URL
 * names an empty database on another one, because the embedded server is compiled for size (-Os), not for speed.
 */
export async function withDatabase(work: (database: BenchDatabase) => Promise<void>): Promise<void> {
  const url = process.env['BENCH_DATABASE_URL'];
  if (url) return onServer(url, work);
  const server = await startTestPostgres([]);
  // Whoever interrupts the benchmark must not leave a server behind.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void server.stop().finally(() => process.exit(1)));
  try {
    await onServer(server.url, work);
  } finally {
    await server.stop();
  }
}

async function onServer(url: string, work: (database: BenchDatabase) => Promise<void>): Promise<void> {
  const dataSource = createDataSource(url, 10);
  try {
    await dataSource.initialize();
    await migrate(dataSource);
    await work({ url, dataSource });
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/** Both rivals begin with written pages and fresh statistics, so that neither pays for the other. */
export async function settleDown(dataSource: DataSource, ...tables: string[]): Promise<void> {
  for (const table of tables) await dataSource.query(`vacuum analyze ${table}`);
  await dataSource.query('checkpoint');
}
