import pg from 'pg';
import { createDataSource, migrate } from '../src/database/data-source.ts';
import { startTestPostgres } from './postgres.ts';

/** Starts one PostgreSQL for all tests and migrates a template once; each test file clones it (`database.ts`). */
export default async function setup(): Promise<void> {
  const server = await startTestPostgres();
  const template = server.url.replace(/\/mass_messaging$/, '/template_mass_messaging');
  const client = new pg.Client(server.url);
  await client.connect();
  await client.query('create database template_mass_messaging');
  await client.end();
  const dataSource = createDataSource(template, 2);
  await dataSource.initialize();
  await migrate(dataSource);
  await dataSource.destroy();
  process.env['TEST_DATABASE_SERVER'] = server.url;
  (globalThis as { testPostgres?: unknown }).testPostgres = server;
}
