import { ConfigError, readConfig } from '../config.ts';
import { openDatabase } from '../database/open-database.ts';
import { reseal } from './reseal.ts';

/** `npm run secrets:reseal`: with SECRETS_KEY=new,old; afterwards SECRETS_KEY=new is enough. */
try {
  // eslint-disable-next-line no-restricted-syntax -- the entry of a command, as main.ts is
  const config = readConfig(process.env);
  const database = await openDatabase(config);
  const { resealed, left, lost } = await reseal(database.dataSource, config.secretsKeys);
  process.stdout.write(`Sealed anew: ${resealed}. Under the first key already: ${left}.\n`);
  for (const { table, owner, column } of lost) {
    const mend = table === 'installation' ? 'Its host has to rotate it' : 'Connect it again';
    process.stdout.write(`Opened by none of the keys: ${column} of ${table} ${owner}. ${mend}.\n`);
  }
  await database.close();
  if (lost.length > 0) process.exitCode = 1;
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
}
