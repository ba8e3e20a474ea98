import { createApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { openDatabase } from './database/open-database.ts';

/** Opens the database, starts the application, and ends both in order when it is told to. */
async function main(): Promise<void> {
  const config = readConfig(process.env);
  const database = await openDatabase(config);
  const app = await createApp(config, database.dataSource);
  const stop = async (): Promise<void> => {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await app.close();
    await database.close();
    process.exit(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  await app.listen(config.port, config.bindAddress);
  console.log(`Mass Messaging listens on ${config.bindAddress}:${config.port} (${config.baseUrl})`);
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
