import type { DataSource } from 'typeorm';
import { createDataSource, migrate } from '../src/database/data-source.ts';
import { startTestPostgres } from '../test/postgres.ts';

export interface BenchDatabase {
  url: string;
  dataSource: DataSource;
}

/** A PostgreSQL of its own, as durable as in production: fsync and synchronous_commit stay on. */
export async function withDatabase(work: (database: BenchDatabase) => Promise<void>): Promise<void> {
  const server = await startTestPostgres([]);
  const dataSource = createDataSource(server.url, 10);
  try {
    await dataSource.initialize();
    await migrate(dataSource);
    await work({ url: server.url, dataSource });
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
    await server.stop();
  }
}

/** Both rivals begin with written pages and fresh statistics, so that neither pays for the other. */
export async function settleDown(dataSource: DataSource, ...tables: string[]): Promise<void> {
  for (const table of tables) await dataSource.query(`vacuum analyze ${table}`);
  await dataSource.query('checkpoint');
}
