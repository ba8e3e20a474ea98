import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config.ts';

/**
 * One backend per data folder: `backend.lock` names the process that uses it. A lock whose process is gone
 * (killed, or the machine restarted) is taken over; boot and start time tell a re-used process number apart.
 */
export function lockDataFolder(folder: string): { release(): void } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'backend.lock');
  const holder = takeLock(file);
  if (holder !== null) {
    const [pid] = holder.split(' ');
    throw new ConfigError(
      `Another backend (process ${pid}) is using ${folder}: stop it, or give this one its own DATA_DIR or a DATABASE_URL.`,
    );
  }
  let held = true;
  const release = () => {
    // Once only: a second time it may be another's already.
    if (held) rmSync(file, { force: true });
    held = false;
  };
  return { release };
}

/**
 * The lock appears with its content in one step, so nobody ever reads half of it. Several may find the same dead
 * owner at the same moment: each needs the lock on its succession, which bears the dead owner's name, and only
 * under that lock is the file looked at again and replaced.
 *
 * @returns null, or the living process that has it
 */
function takeLock(file: string): string | null {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, identity(process.pid)!);
  try {
    for (;;) {
      if (created(draft, file)) return null;
      const holder = read(file);
      // Released a moment ago.
      if (holder === null) continue;
      const [pid] = holder.split(' ');
      if (identity(Number(pid)) === holder) return holder;
      const succession = `${file}.after-${holder.replaceAll(' ', '-')}`;
      const rival = takeLock(succession);
      if (rival !== null) return rival;
      const unchanged = read(file) === holder;
      if (unchanged) renameSync(draft, file);
      rmSync(succession, { force: true });
      if (unchanged) return null;
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

function created(draft: string, file: string): boolean {
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return false;
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return null;
  }
}

/** What no other process has ever been; null where there is no such process. */
function identity(pid: number): string | null {
  if (!Number.isInteger(pid) || pid <= 0) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return null;
  }
  try {
    // Fields 3 and 22, counted after the command's closing bracket, which may itself contain spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, started] = [fields[0], fields[19]];
    // Dead, but its parent has not been told: in a container perhaps never.
    if (state === 'Z' || state === 'X') return null;
    return `${pid} ${started} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return `${pid} running`;
  }
}
