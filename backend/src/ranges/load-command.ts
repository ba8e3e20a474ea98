import { readFile } from 'node:fs/promises';
import { ConfigError, readConfig } from '../config.ts';
import { openDatabase } from '../database/open-database.ts';
import { loadRanges } from './load-ranges.ts';
import { readRegistry, RegistryError, type Registry } from './read-registry.ts';

/** `npm run ranges:load -- DEF-9xx.csv ABC-3xx.csv …`: all files of the registry at once; they replace what was loaded. */
const files = process.argv.slice(2);
try {
  if (files.length === 0) {
    throw new RegistryError('Name the files of the numbering plan: npm run ranges:load -- DEF-9xx.csv …');
  }
  const registries = await Promise.all(files.map(read));
  // eslint-disable-next-line no-restricted-syntax -- the entry of a command, as main.ts is
  const database = await openDatabase(readConfig(process.env));
  try {
    const count = await loadRanges(
      database.dataSource,
      registries.flatMap(({ ranges }) => ranges),
    );
    const lines = registries.reduce((sum, each) => sum + each.lines, 0);
    process.stdout.write(`Read ${lines} ranges; loaded as ${count}, neighbours of one zone together.\n`);
  } finally {
    await database.close();
  }
  for (const [region, numbers] of registries.flatMap(({ unknown }) => [...unknown])) {
    process.stdout.write(
      `No zone for “${region}”, ${numbers} numbers: the account's clock counts for them.\n`,
    );
  }
} catch (error) {
  const isExpected = error instanceof ConfigError || error instanceof RegistryError;
  console.error(isExpected ? error.message : error);
  process.exit(1);
}

async function read(file: string): Promise<Registry> {
  try {
    return readRegistry(await readFile(file));
  } catch (error) {
    throw new RegistryError(`${file}: ${(error as Error).message}`);
  }
}
