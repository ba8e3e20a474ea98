import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { ConfigError, type Config } from '../config.ts';
import { createDataSource, migrate } from './data-source.ts';
import { lockDataFolder } from './data-folder.ts';
import { SILENCE_MS } from './impatient-socket.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';

export interface Database {
  dataSource: DataSource;
  migrated: string[];
  close(): Promise<void>;
}

/**
 * Connects to DATABASE_URL, or starts the embedded PostgreSQL, and migrates.
 * @throws ConfigError where the database cannot be had, saying what to do
 */
export async function openDatabase(config: Config): Promise<Database> {
  if (config.databaseUrl !== null) return connect(config.databaseUrl, config);
  const lock = lockDataFolder(config.dataDir);
  try {
    const server = await startEmbeddedPostgres(join(config.dataDir, 'postgres'));
    const release = async () => {
      await server.stop();
      lock.release();
    };
    try {
      const database = await connect(server.url, config);
      return { ...database, close: () => database.close().finally(release) };
    } catch (error) {
      await release();
      throw error;
    }
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function connect(url: string, config: Config): Promise<Database> {
  const migrated = await migrateApart(url);
  const dataSource = await createDataSource(url, config.databasePoolSize, undefined, SILENCE_MS).initialize();
  return {
    dataSource,
    migrated,
    close: () => (dataSource.isInitialized ? dataSource.destroy() : Promise.resolve()),
  };
}

/** SQLSTATE: the role of DATABASE_URL may not do what a migration has to. */
const INSUFFICIENT_PRIVILEGE = '42501';

/** On a connection that waits: for another process that migrates, and for a change of a large table. */
async function migrateApart(url: string): Promise<string[]> {
  const dataSource = createDataSource(url, 2);
  try {
    await dataSource.initialize();
  } catch (error) {
    throw new ConfigError(`The database of DATABASE_URL does not answer: ${(error as Error).message}`);
  }
  try {
    return await migrate(dataSource);
  } catch (error) {
    if ((error as { code?: string }).code === INSUFFICIENT_PRIVILEGE)
      throw new ConfigError((error as Error).message);
    throw error;
  } finally {
    await dataSource.destroy();
  }
}
