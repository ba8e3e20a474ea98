import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../src/project-root.ts';
import { until } from './waiting.ts';

/** What no log line may hold: a customer's whole number (every list of ours is of +7 9…), a token, a key, a password. */
const TELLTALE =
  /(?<!\d)7?9\d{9}(?!\d)|Bearer \S{8}|whsec_|-----BEGIN|eyJ[\w-]{10,}\.|postgres(ql)?:\/\/[^\s@]+:[^\s@]+@/;

export interface ProgramOptions {
  env: Record<string, string>;
  /** Before the file's name: `--import` of a hook. */
  nodeArgs?: readonly string[];
  isReady(): Promise<boolean>;
}

/** A built program as a child process. */
export class Program {
  /** The last of what it wrote. */
  output = '';
  /** Lines that told what no line may tell. */
  readonly leaks: string[] = [];
  private unfinishedLine = '';
  private readonly child: ChildProcess;
  private readonly exited: Promise<number | null>;
  private readonly isReady: () => Promise<boolean>;

  constructor(file: string, { env, nodeArgs = [], isReady }: ProgramOptions) {
    const { PATH, HOME } = process.env;
    this.isReady = isReady;
    this.child = spawn(process.execPath, ['--enable-source-maps', ...nodeArgs, join(PROJECT_ROOT, file)], {
      cwd: PROJECT_ROOT,
      env: { PATH, HOME, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (data: Buffer) => this.keep(data.toString()));
    this.child.stderr!.on('data', (data: Buffer) => this.keep(data.toString()));
    this.exited = new Promise((done) => this.child.once('close', done));
    // Whoever runs us may be ended before `close` is called.
    const lastResort = () => this.child.kill('SIGKILL');
    process.once('exit', lastResort);
    void this.exited.then(() => process.off('exit', lastResort));
  }

  private keep(text: string): void {
    this.output = (this.output + text).slice(-20_000);
    const lines = (this.unfinishedLine + text).split('\n');
    this.unfinishedLine = lines.pop()!.slice(-2000);
    for (const line of lines) if (TELLTALE.test(line)) this.leaks.push(line);
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Resolves when it answers; rejects with its output when it ends instead. */
  async ready(): Promise<void> {
    await until('the program answers', 60_000, async () => this.ended || (await this.isReady()));
    if (this.ended) throw new Error(`ended before it was ready: ${this.output}`);
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  /** It stands still, with all its connections open, and knows nothing of it. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  wake(): void {
    this.child.kill('SIGCONT');
  }

  /** @returns how long the orderly stop took, in ms, and its exit code */
  async stop(): Promise<{ ms: number; code: number | null }> {
    const begun = performance.now();
    this.child.kill('SIGTERM');
    return { code: await this.exited, ms: performance.now() - begun };
  }

  /** @returns the exit code; null where a signal ended it */
  exit(): Promise<number | null> {
    return this.exited;
  }

  /** In order if it can, by force if it must. */
  async end(): Promise<void> {
    if (this.ended) return;
    const force = setTimeout(() => this.child.kill('SIGKILL'), 10_000);
    this.wake();
    await this.stop();
    clearTimeout(force);
  }
}
