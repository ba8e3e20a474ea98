import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../src/database/embedded-postgres.ts';

/** A PostgreSQL for tests: real, but it need not survive a power cut. */
export async function startTestPostgres(
  settings = ['fsync=off', 'full_page_writes=off'],
): Promise<EmbeddedPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-pg-'));
  chmodSync(folder, 0o755);
  const server = await startEmbeddedPostgres(folder, settings);
  return {
    url: server.url,
    stop: async () => {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
