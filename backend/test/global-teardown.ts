import type { EmbeddedPostgres } from '../src/database/embedded-postgres.ts';

export default async function teardown(): Promise<void> {
  await (globalThis as { testPostgres?: EmbeddedPostgres }).testPostgres?.stop();
}
