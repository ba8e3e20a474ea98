import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { postgresUser, type PostgresUser } from '../../src/database/postgres-user.ts';
import { freePort } from './free-port.ts';
import { Skipped } from './skipped.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { until } from './waiting.ts';

const run = promisify(execFile);
const DEBIAN = '/usr/lib/postgresql';
const PASSWORD = 'faults';
const STANDBY = 'standby';

interface Server {
  data: string;
  port: number;
  child: ChildProcess;
}

/**
 * A primary and its synchronous standby, behind one address that always leads to the primary. When the primary is lost
 * it is fenced first (nobody reaches it any more, then it is killed), then the standby takes its place, then the address
 * leads there; and a new standby is made for the next time.
 */
export class Cluster {
  private servers = 0;
  private standby: Server | null = null;
  private address!: TcpProxy;

  private constructor(
    private readonly programs: string,
    private readonly user: PostgresUser,
    private readonly folder: string,
    private primary: Server,
  ) {}

  /** @throws Skipped where there is no pg_basebackup: the PostgreSQL that comes from npm has none */
  static async open(): Promise<Cluster> {
    const programs = debianPrograms();
    if (!programs) throw new Skipped('there is no pg_basebackup (Debian: apt-get install postgresql)');
    const user = postgresUser();
    const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-cluster-'));
    chmodSync(folder, 0o755);
    if (user.uid !== undefined) chownSync(folder, user.uid, user.gid!);
    const data = join(folder, 'server-0');
    const passwordFile = join(folder, 'password');
    writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
    const options = ['-D', data, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
    await run(join(programs, 'initdb'), [...options, '-E', 'UTF8', '--locale=C', '-N'], {
      ...user,
      cwd: folder,
    });
    const cluster = new Cluster(programs, user, folder, await serve(programs, user, data));
    cluster.address = await TcpProxy.to(() => [cluster.primary.port]);
    try {
      await cluster.ask(cluster.primary, 'create database mass_messaging');
      await cluster.addStandby();
      return cluster;
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  get url(): string {
    return urlOf(this.address.port, 'mass_messaging');
  }

  /** @param tookOver called when the new primary can be reached: how long that takes is not the product's doing */
  async failOver(tookOver: () => Promise<void>): Promise<void> {
    const { primary: old, standby } = this;
    this.address.cut();
    await endAtOnce(old);
    await this.ask(standby!, 'select pg_promote()');
    this.primary = standby!;
    this.standby = null;
    this.address.mend();
    await tookOver();
    rmSync(old.data, { recursive: true, force: true });
    await this.addStandby();
  }

  /** From then on no commit is answered that is not on both. */
  private async addStandby(): Promise<void> {
    this.servers += 1;
    const data = join(this.folder, `server-${this.servers}`);
    const source = `host=127.0.0.1 port=${this.primary.port} user=postgres password=${PASSWORD} application_name=${STANDBY}`;
    const options = ['-d', source, '-D', data, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'];
    await run(join(this.programs, 'pg_basebackup'), options, { ...this.user, cwd: this.folder });
    this.standby = await serve(this.programs, this.user, data);
    await this.ask(this.primary, `alter system set synchronous_standby_names = '${STANDBY}'`);
    await this.ask(this.primary, 'select pg_reload_conf()');
    await until('the standby is synchronous', 30_000, async () => {
      const rows = await this.ask(
        this.primary,
        `select 1 from pg_stat_replication where sync_state = 'sync'`,
      );
      return rows.length > 0;
    });
  }

  private ask({ port }: Server, sql: string): Promise<unknown[]> {
    return query(port, sql);
  }

  async close(): Promise<void> {
    await this.address.close();
    for (const server of [this.standby, this.primary]) if (server) await endAtOnce(server);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The newest of Debian's that has all that is needed. */
function debianPrograms(): string | null {
  if (!existsSync(DEBIAN)) return null;
  const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
  const folders = versions.map((version) => join(DEBIAN, version, 'bin'));
  const complete = (folder: string) =>
    ['pg_basebackup', 'initdb', 'postgres'].every((program) => existsSync(join(folder, program)));
  return folders.find(complete) ?? null;
}

async function serve(programs: string, user: PostgresUser, data: string): Promise<Server> {
  const port = await freePort();
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=100'];
  const flags = settings.flatMap((setting) => ['-c', setting]);
  const child = spawn(join(programs, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
    ...user,
    cwd: data,
    stdio: 'ignore',
  });
  const server = { data, port, child };
  const lastResort = () => child.kill('SIGQUIT');
  process.once('exit', lastResort);
  child.once('exit', () => process.off('exit', lastResort));
  await until('PostgreSQL answers', 30_000, async () => {
    if (child.exitCode !== null) throw new Error(`PostgreSQL ended with ${child.exitCode}`);
    return query(port, 'select 1').then(
      () => true,
      () => false,
    );
  });
  return server;
}

async function query(port: number, sql: string): Promise<unknown[]> {
  const client = new pg.Client(urlOf(port, 'postgres'));
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows as unknown[];
  } finally {
    await client.end();
  }
}

function urlOf(port: number, database: string): string {
  return `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
}

/** With whatever it has not written. Its own processes end when they miss it. */
async function endAtOnce({ child }: Server): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await ended;
}
