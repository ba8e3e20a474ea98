import { readdirSync, readFileSync } from 'node:fs';
import type { DataSource } from 'typeorm';

/** Of `/proc/…/stat`, in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/**
 * What this process and all of PostgreSQL's have used so far, in seconds of one core: steadier than the clock where
 * a machine is shared. Only on Linux; elsewhere PostgreSQL's part is missing.
 */
export async function cpuSeconds(dataSource: DataSource): Promise<{ node: number; postgres: number }> {
  const { user, system } = process.cpuUsage();
  const [row] = (await dataSource.query('select pg_backend_pid() as pid')) as { pid: number }[];
  return { node: (user + system) / 1e6, postgres: postgresTicks(row!.pid) / TICKS_PER_SECOND };
}

/** The server's children alive and, in its own line, those that have ended. */
function postgresTicks(backend: number): number {
  const server = statOf(backend)?.parent;
  if (server === undefined) return 0;
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const alive = processes.map((pid) => statOf(Number(pid))).filter((stat) => stat?.parent === server);
  return alive.reduce((sum, stat) => sum + stat!.own, statOf(server)!.ended);
}

function statOf(pid: number): { parent: number; own: number; ended: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the name, may hold anything but is the only one in brackets.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const [, parent] = fields;
    return { parent: parent!, own: fields[11]! + fields[12]!, ended: fields[13]! + fields[14]! };
  } catch {
    return undefined;
  }
}
