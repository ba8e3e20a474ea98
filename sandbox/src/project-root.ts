import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The project's folder. The pages' scripts and styles are served from the sources: this file runs from
 * sandbox/src in tests and from dist/sandbox/src in `npm start`, where tsc has not put them.
 */
export function projectRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: string };
      if (name === 'mass-messaging') return folder;
    }
    const parent = dirname(folder);
    if (parent === folder) throw new Error('The sandbox must run inside the folder of mass-messaging.');
    folder = parent;
  }
}
