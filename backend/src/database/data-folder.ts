import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError } from '../config.ts';

/**
 * One backend per data folder: `backend.lock` names the process that uses it. A lock whose process is gone
 * (killed, or the machine restarted) is taken over; the start time tells a re-used process number apart.
 */
export function lockDataFolder(folder: string): { release(): void } {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'backend.lock');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      const handle = openSync(file, 'wx');
      writeSync(handle, `${process.pid} ${startTime(process.pid)}`);
      closeSync(handle);
      return { release: () => rmSync(file, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const [pid, started] = readFileSync(file, 'utf8').split(' ');
      if (startTime(Number(pid)) === started && started !== '') {
        throw new ConfigError(
          `Another backend (process ${pid}) is using ${folder}: stop it, or give this one its own DATA_DIR or a DATABASE_URL.`,
        );
      }
      rmSync(file, { force: true });
    }
  }
  throw new ConfigError(`${file} cannot be taken: another backend is starting on this folder right now.`);
}

/** When a process started, in the system's own units; empty where there is no such process. */
function startTime(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return '';
  }
  try {
    // Field 22, counted after the command's closing bracket, which may itself contain spaces.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return 'running';
  }
}
