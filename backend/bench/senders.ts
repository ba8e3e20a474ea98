import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** What a sender tells its parent. */
export type FromSender =
  { kind: 'arrivals'; campaigns: Uint32Array; times: Float64Array } | { kind: 'cpu'; seconds: number };

export type ToSender = 'cpu' | 'stop';

/** The longest a sender may take to give back what it holds and to end, in ms. */
const STOP_MS = 20_000;

/** Some processes that share the campaigns, each with the real dispatcher. */
export class Senders {
  private readonly children: ChildProcess[];

  constructor(
    url: string,
    processes: number,
    private readonly arrived: (campaign: number, at: number) => void,
  ) {
    this.children = Array.from({ length: processes }, () =>
      fork(new URL('./sender.js', import.meta.url), [url], { serialization: 'advanced' }),
    );
    for (const child of this.children) child.on('message', (word: FromSender) => this.hear(word));
  }

  private hear(word: FromSender): void {
    if (word.kind !== 'arrivals') return;
    word.campaigns.forEach((campaign, nth) => this.arrived(campaign, word.times[nth]!));
  }

  /** What all of them have used so far, in seconds of one core. */
  async cpuSeconds(): Promise<number> {
    const each = await Promise.all(this.children.map(cpuOf));
    return each.reduce((sum, seconds) => sum + seconds, 0);
  }

  /** Everything that has arrived has been told once this resolves. */
  async stop(): Promise<void> {
    await Promise.all(
      this.children.map(async (child) => {
        const ended = once(child, 'exit', { signal: AbortSignal.timeout(STOP_MS) });
        child.send('stop' satisfies ToSender);
        await ended;
      }),
    );
  }

  /** However it ends, none of them stays. */
  kill(): void {
    for (const child of this.children) child.kill('SIGKILL');
  }
}

async function cpuOf(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null) throw new Error(`a sender ended with ${child.exitCode}`);
  const answered = new Promise<number>((resolve, reject) => {
    const gone = () => reject(new Error('a sender ended by itself'));
    child.once('exit', gone);
    child.on('message', function hear(word: FromSender) {
      if (word.kind !== 'cpu') return;
      child.off('message', hear).off('exit', gone);
      resolve(word.seconds);
    });
  });
  child.send('cpu' satisfies ToSender);
  return answered;
}
