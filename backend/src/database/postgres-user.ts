import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** PostgreSQL refuses to run as root, so root hands it to the system's `postgres` user, made where it is missing. */
export interface PostgresUser {
  uid?: number;
  gid?: number;
}

export function postgresUser(): PostgresUser {
  if (process.getuid?.() !== 0) return {};
  const found = findUser();
  if (found) return found;
  execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']);
  const made = findUser();
  if (!made) throw new Error('The user postgres could not be created; create it, or set DATABASE_URL.');
  return made;
}

function findUser(): PostgresUser | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'));
  if (!line) return null;
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * Folders below /root or a private temporary folder are closed to the postgres user. Data and programs then
 * live under /var/lib/mass-messaging, one folder for each data folder.
 */
export function reachableFolder(folder: string, user: PostgresUser): string {
  if (user.uid === undefined || canReach(folder, user)) return folder;
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 12);
  return join('/var/lib/mass-messaging', name);
}

/** @returns the folder of PostgreSQL's programs, copied once where the postgres user cannot enter it */
export function reachablePrograms(native: string, base: string, user: PostgresUser): string {
  if (user.uid === undefined || canReach(native, user)) return native;
  const copy = join(base, 'programs');
  if (!existsSync(join(copy, 'bin', 'postgres')))
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
}

function canReach(path: string, user: PostgresUser): boolean {
  let current = existsSync(path) ? path : dirname(path);
  while (!existsSync(current)) current = dirname(current);
  for (;;) {
    const { mode, uid, gid } = statSync(current);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & bit) === 0) return false;
    if (current === dirname(current)) return true;
    current = dirname(current);
  }
}
