import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Campaign, CampaignSettings, ControlResult } from '../../../contract/campaign.ts';
import type { Role } from '../../../contract/session.ts';
import pg from 'pg';
import { postgresUser, reachableFolder } from '../../src/database/postgres-user.ts';
import { startEmbeddedPostgres } from '../../src/database/embedded-postgres.ts';
import { freePort } from './free-port.ts';
import { Program } from './program.ts';
import { answersAt, Replica } from './replica.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { until } from './waiting.ts';

/** What the sandbox's control API tells of what it accepted. */
export interface LedgerStats {
  accepted: number;
  distinctRefs: number;
  distinctPhones: number;
  replays: number;
  sentTwice: number;
  maxPerMinute: number;
}

export type SandboxSettings = Record<string, unknown>;

/** Several backends behind one address, on one database that is not theirs. */
export interface Replicas {
  count: number;
  /** Each with a wire of its own to the database. */
  wired?: boolean;
  env?: (number: number) => Record<string, string>;
  /** For one of them only, by its number from 0. */
  nodeArgs?: (number: number) => readonly string[];
  /** Which of them people and the host reach; all unless said otherwise. */
  reached?: (number: number) => boolean;
  /** Which of them are harmed; any unless said otherwise. */
  victims?: (number: number) => boolean;
  /** Where the database is somebody else's; unless said otherwise one is started. */
  databaseUrl?: string;
}

/** No chance but what a scenario asks for: everything is delivered, nobody answers by himself. */
const CALM: SandboxSettings = {
  latencyMs: 20,
  receipts: { delayMs: 300, deliveredShare: 1, readShare: 0, failedShare: 0 },
  customers: { replyShare: 0 },
};

/**
 * The built product as it runs for a customer: the backend with its own PostgreSQL, and the sandbox as its host and
 * provider, each a process of its own. The sandbox is never harmed: its ledger is what everything is checked against.
 */
export class World {
  private static readonly opened = new Set<World>();
  readonly dataDir: string;
  readonly port: number;
  sandboxUrl = '';
  backend: Program | null = null;
  replicas: Replica[] = [];
  private front: TcpProxy | null = null;
  private databaseUrl: string | null = null;
  private server: { stop(): Promise<void> } | null = null;
  private sandbox: Program | null = null;
  private readonly programs = new Set<Program>();
  private token: { value: string; until: number } | null = null;

  private constructor(dataDir: string, port: number) {
    this.dataDir = dataDir;
    this.port = port;
  }

  static async open(settings: SandboxSettings = {}, replicas: Replicas | null = null): Promise<World> {
    const dataDir = mkdtempSync(join(tmpdir(), 'mass-messaging-fault-'));
    // The postgres user must be able to enter it.
    chmodSync(dataDir, 0o755);
    const world = new World(dataDir, await freePort());
    World.opened.add(world);
    try {
      await world.startSandbox();
      await world.sandboxCall('PUT', '/settings', CALM);
      await world.sandboxCall('PUT', '/settings', settings);
      if (replicas) await world.startReplicas(replicas);
      else await world.startBackend().ready();
      await world.sandboxCall('POST', '/install', { tenant: 'romashka' });
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** For whoever is told to stop in the middle of a scenario. */
  static async closeAll(): Promise<void> {
    await Promise.all([...World.opened].map((world) => world.close()));
  }

  private async startSandbox(): Promise<void> {
    const env = { SANDBOX_PORT: '0', BACKEND_URL: this.backendUrl };
    this.sandbox = this.run('dist/sandbox/src/main.js', env, () => Promise.resolve(this.sandboxUrl !== ''));
    await until('the sandbox listens', 20_000, () => {
      this.sandboxUrl = /listening on (http:\S+)/.exec(this.sandbox!.output)?.[1] ?? '';
      return this.sandboxUrl !== '' || this.sandbox!.ended;
    });
    if (this.sandbox.ended) throw new Error(`the sandbox did not start: ${this.sandbox.output}`);
  }

  get backendUrl(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Starts one more on the same data folder; the latest is `backend`. It need not be ready yet. */
  startBackend(port = this.port): Program {
    const env = {
      PORT: String(port),
      HOSTS_FILE: join(this.dataDir, 'sandbox', 'hosts.json'),
      ALLOW_LOCAL_HOSTS: 'true',
    };
    this.backend = this.run('dist/backend/src/main.js', env, () =>
      answersAt(`http://127.0.0.1:${port}/health`),
    );
    return this.backend;
  }

  /** One by one, so that each can be told by the name under which it sends. */
  private async startReplicas(asked: Replicas): Promise<void> {
    this.databaseUrl = asked.databaseUrl ?? (await this.startServer());
    const reached = () =>
      this.replicas.filter((each, at) => each.runs && (asked.reached?.(at) ?? true)).map(({ port }) => port);
    this.front = await TcpProxy.to(reached, this.port);
    for (let number = 0; number < asked.count; number += 1) {
      const replica = await Replica.create({
        databaseUrl: this.databaseUrl,
        wired: asked.wired ?? false,
        port: await freePort(),
        nodeArgs: asked.nodeArgs?.(number),
        env: {
          DATA_DIR: this.dataDir,
          HOSTS_FILE: join(this.dataDir, 'sandbox', 'hosts.json'),
          ALLOW_LOCAL_HOSTS: 'true',
          BASE_URL: `http://localhost:${this.port}`,
          ...asked.env?.(number),
        },
      });
      this.replicas.push(replica);
      await this.startReplica(replica);
    }
  }

  private async startServer(): Promise<string> {
    const server = await startEmbeddedPostgres(join(this.dataDir, 'postgres'));
    this.server = server;
    return server.url;
  }

  /** Resolves when it answers and has said that it sends. */
  async startReplica(replica: Replica): Promise<void> {
    const known = new Set(this.replicas.flatMap(({ owners }) => owners));
    const program = replica.start();
    this.programs.add(program);
    await program.ready();
    await until('the replica sends', 20_000, async () => {
      const rows = await this.query<{ id: string }>('select id from dispatch_process').catch(() => []);
      const fresh = rows.find(({ id }) => !known.has(id));
      if (fresh) replica.owners.push(fresh.id);
      return fresh !== undefined || program.ended;
    });
  }

  /** On a connection of our own, past every wire that is harmed. */
  async query<Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> {
    const client = new pg.Client(this.databaseUrl ?? this.postgresUrl()!);
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<Row>(sql, values)).rows;
    } finally {
      await client.end();
    }
  }

  /** The last words of those that are to run and do not. */
  get died(): string[] {
    const running = [this.backend, ...this.replicas.map(({ program }) => program)];
    return running.flatMap((program) => (program?.ended ? [program.output] : []));
  }

  /** Lines of every program's log that told what no line may tell. */
  get leaks(): string[] {
    return [...this.programs].flatMap(({ leaks }) => leaks);
  }

  private run(file: string, env: Record<string, string>, isReady: () => Promise<boolean>): Program {
    const program = new Program(file, { env: { DATA_DIR: this.dataDir, ...env }, isReady });
    this.programs.add(program);
    return program;
  }

  /** The folder of the embedded PostgreSQL, wherever the backend had to put it. */
  get postgresFolder(): string {
    return reachableFolder(join(this.dataDir, 'postgres'), postgresUser());
  }

  /** A connection of our own beside the backend's. Null where PostgreSQL does not run. */
  postgresUrl(): string | null {
    const pidFile = join(this.postgresFolder, 'data', 'postmaster.pid');
    if (!existsSync(pidFile)) return null;
    const port = readFileSync(pidFile, 'utf8').split('\n')[3];
    const password = readFileSync(join(this.postgresFolder, 'password'), 'utf8');
    return `postgres://postgres:${password}@127.0.0.1:${port}/mass_messaging`;
  }

  async sandboxCall<T = unknown>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object): Promise<T> {
    return call<T>(`${this.sandboxUrl}/sandbox${path}`, method, {}, body && JSON.stringify(body));
  }

  stats(campaignRef?: string): Promise<LedgerStats> {
    return this.sandboxCall(
      'GET',
      `/ledger/stats?tenant=romashka${campaignRef ? `&campaign_ref=${campaignRef}` : ''}`,
    );
  }

  /** When each message was accepted, in ms, in order. */
  async acceptedAt(campaignRef: string): Promise<number[]> {
    const times: number[] = [];
    for (let offset: number | null = 0; offset !== null;) {
      const page: { data: { at_ms: number }[]; next_offset: number | null } = await this.sandboxCall(
        'GET',
        `/ledger?tenant=romashka&campaign_ref=${campaignRef}&limit=10000&offset=${offset}`,
      );
      times.push(...page.data.map(({ at_ms }) => at_ms));
      offset = page.next_offset;
    }
    return times;
  }

  /** @param at a replica's own address, past the one that all share */
  async api<T>(
    method: string,
    path: string,
    body?: object | string,
    at: string = this.backendUrl,
  ): Promise<T> {
    const text = typeof body === 'string';
    const headers = {
      authorization: `Bearer ${await this.session()}`,
      ...(text && { 'content-type': 'text/csv' }),
    };
    return call<T>(
      `${at}/api${path}`,
      method,
      headers,
      text || !body ? (body as string) : JSON.stringify(body),
    );
  }

  /** A token lives five minutes; one that is used for two is not asked for at every look. */
  private async session(role: Role = 'admin'): Promise<string> {
    if (!this.token || this.token.until < Date.now()) {
      const body = { tenant: 'romashka', user: 'faults', role };
      const { token } = await this.sandboxCall<{ token: string }>('POST', '/token', body);
      this.token = { value: token, until: Date.now() + 120_000 };
    }
    return this.token.value;
  }

  /** A campaign of so many numbers, no number in two campaigns, ready to be started. */
  async campaign(
    number: number,
    messages: number,
    rate: number,
    name = `Campaign ${number}`,
  ): Promise<number> {
    const { id, version } = await this.api<Campaign>('POST', '/campaigns', { name });
    const settings: Partial<CampaignSettings> = {
      method: 'sms',
      channelId: 'sms-romashka-number',
      text: 'Здравствуйте!',
      ratePerMinute: rate,
    };
    await this.api('PATCH', `/campaigns/${id}`, { version, settings });
    const phones = Array.from({ length: messages }, (_, i) => `+79${120_000_000 + number * 100_000 + i}`);
    await this.api(
      'PUT',
      `/campaigns/${id}/lists/main?fileName=list.csv`,
      `Phone\r\n${phones.join('\r\n')}\r\n`,
    );
    return id;
  }

  /** As `campaign`, while backends are killed: what was cut off half-way stays a draft of which nobody hears again. */
  async campaignSurely(number: number, messages: number, rate: number): Promise<number> {
    let id = 0;
    let attempt = 0;
    await until(
      `campaign ${number} can be made`,
      90_000,
      async () => {
        attempt += 1;
        const made = this.campaign(number, messages, rate, `Campaign ${number}, attempt ${attempt}`);
        id = await made.catch(() => 0);
        return id > 0;
      },
      300,
    );
    return id;
  }

  /** Again until it is taken: whom the request reached may have been killed in the middle of it. */
  async begin(id: number): Promise<void> {
    await until(`campaign ${id} is started`, 60_000, async () => {
      await this.control(id, 'start').catch(() => undefined);
      const campaign = await this.get(id).catch(() => null);
      return campaign !== null && campaign.state !== 'draft';
    });
  }

  control(id: number, control: string): Promise<ControlResult> {
    return this.api('POST', `/campaigns/${id}/controls/${control}`, {});
  }

  get(id: number): Promise<Campaign> {
    return this.api('GET', `/campaigns/${id}`);
  }

  /** Ends every process and removes every file, whatever state they are in. */
  async close(): Promise<void> {
    await Promise.all([...this.programs].map((program) => program.end()));
    await Promise.all(this.replicas.map((replica) => replica.close()));
    await this.front?.close();
    await this.server?.stop();
    await this.endPostgres();
    rmSync(this.dataDir, { recursive: true, force: true });
    rmSync(this.postgresFolder, { recursive: true, force: true });
    World.opened.delete(this);
  }

  /** The PostgreSQL of a killed backend lives on; nobody will take this one over. */
  private async endPostgres(): Promise<void> {
    const data = join(this.postgresFolder, 'data');
    const file = join(data, 'postmaster.pid');
    if (!existsSync(file)) return;
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    const isOurs = () => commandLine(pid).includes(data);
    if (isOurs()) process.kill(pid, 'SIGQUIT');
    await until('PostgreSQL is gone', 10_000, () => !isOurs()).catch(
      () => isOurs() && process.kill(pid, 'SIGKILL'),
    );
  }
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function call<T>(
  url: string,
  method: string,
  headers: Record<string, string>,
  body: string | undefined,
): Promise<T> {
  const answer = await fetch(url, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body !== undefined && { body }),
    signal: AbortSignal.timeout(30_000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text.slice(0, 500)}`);
  return (text === '' ? null : JSON.parse(text)) as T;
}
