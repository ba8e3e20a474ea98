import { ConfigError, readConfig } from '../config.ts';
import { openDatabase } from './open-database.ts';

/** `npm run migrate`: what the app also does by itself at start. */
try {
  // eslint-disable-next-line no-restricted-syntax -- the entry of a command, as main.ts is
  const database = await openDatabase(readConfig(process.env));
  process.stdout.write(
    database.migrated.length > 0 ? `Ran ${database.migrated.join(', ')}\n` : 'Nothing to do\n',
  );
  await database.close();
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
