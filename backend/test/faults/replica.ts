import { Program } from './program.ts';
import { TcpProxy } from './tcp-proxy.ts';

export interface ReplicaOptions {
  databaseUrl: string;
  /** With a wire of its own to the database, to be harmed apart from the others'. */
  wired: boolean;
  port: number;
  env: Record<string, string>;
  nodeArgs?: readonly string[];
}

/** One of several backends on one database: it may end and be started again, and is the same replica. */
export class Replica {
  program: Program | null = null;
  /** Names of its lives in `dispatch_process`, the present one last. */
  readonly owners: string[] = [];

  private constructor(
    readonly port: number,
    /** Null where it reaches the database directly. */
    readonly wire: TcpProxy | null,
    private readonly begin: (readyUrl: string) => Program,
  ) {}

  static async create({ databaseUrl, wired, port, env, nodeArgs }: ReplicaOptions): Promise<Replica> {
    const url = new URL(databaseUrl);
    const databasePort = Number(url.port);
    const wire = wired ? await TcpProxy.to(() => [databasePort]) : null;
    if (wire) url.port = String(wire.port);
    const whole = { PORT: String(port), DATABASE_URL: url.href, ...env };
    return new Replica(port, wire, (readyUrl) => {
      return new Program('dist/backend/src/main.js', {
        env: whole,
        nodeArgs,
        isReady: () => answersAt(readyUrl),
      });
    });
  }

  start(): Program {
    this.program = this.begin(`http://127.0.0.1:${this.port}/health`);
    return this.program;
  }

  get runs(): boolean {
    return this.program !== null && !this.program.ended;
  }

  async close(): Promise<void> {
    await this.program?.end();
    await this.wire?.close();
  }
}

export function answersAt(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2000) })
    .then(async (answer) => {
      await answer.body?.cancel();
      return answer.ok;
    })
    .catch(() => false);
}
