/**
 * The one worker thread of this process that measures rows. It is started by the first job, takes one at a time,
 * keeps its connection between them, and ends when it has had nothing to do for a while.
 *
 *   none ──job──▶ working ──answer, failure, abort──▶ idle ──job──▶ working
 *     ▲                └──dies──▶ none (the job fails)   └──a minute──▶ none
 */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import pLimit from 'p-limit';
import type { Lengths } from '../../../contract/lengths.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import type { CountJob, FromWorker, ToWorker } from './count-job.ts';

/** Counting needs a few megabytes; a row of megabytes that needs more than this fails alone. */
const HEAP_MEGABYTES = 128;
/** An idle worker holds a connection and about 15 MB; starting one takes about 0.2 s. */
const IDLE_MS = 60_000;

interface Waiting {
  worker: Worker;
  id: number;
  resolve(lengths: Lengths): void;
  reject(error: unknown): void;
}

export class LengthsWorker {
  private readonly oneAtATime = pLimit(1);
  private worker: Worker | null = null;
  private waiting: Waiting | null = null;
  private idle: NodeJS.Timeout | undefined;
  private jobs = 0;

  /** @param url of the database: the worker reads the rows by itself */
  constructor(private readonly url: string) {}

  /**
   * @param signal stops the job, or keeps it from being begun
   * @throws the reason of `signal`; an Error when the database or the worker fails
   */
  count(job: CountJob, signal: AbortSignal): Promise<Lengths> {
    return this.oneAtATime(async () => {
      signal.throwIfAborted();
      clearTimeout(this.idle);
      const worker = (this.worker ??= this.start());
      try {
        return await this.ask(worker, job, signal);
      } finally {
        this.idle = setTimeout(() => void this.close(), IDLE_MS).unref();
      }
    });
  }

  /** Ends the worker; the job it has in hand fails. */
  async close(): Promise<void> {
    clearTimeout(this.idle);
    const worker = this.worker;
    this.worker = null;
    await worker?.terminate();
  }

  private ask(worker: Worker, job: CountJob, signal: AbortSignal): Promise<Lengths> {
    const id = (this.jobs += 1);
    const done = new AbortController();
    return new Promise<Lengths>((resolve, reject) => {
      this.waiting = { worker, id, resolve, reject };
      const stop = () => {
        tell(worker, { kind: 'stop', id });
        reject(signal.reason);
      };
      signal.addEventListener('abort', stop, { once: true, signal: done.signal });
      tell(worker, { kind: 'count', id, job });
    }).finally(() => {
      done.abort();
      this.waiting = null;
    });
  }

  private start(): Worker {
    const worker = new Worker(workerFile(), {
      workerData: { url: this.url },
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES },
    });
    worker.on('message', (message: FromWorker) => {
      // The answer to a job that was stopped is nobody's.
      if (message.id !== this.waiting?.id) return;
      if (message.kind === 'counted') this.waiting.resolve(message.lengths);
      else this.waiting.reject(new Error(message.message));
    });
    worker.on('error', (error) => this.lose(worker, error));
    worker.on('exit', (code) => this.lose(worker, new Error(`the lengths worker ended with code ${code}`)));
    // It must not keep a process alive that has nothing else to do.
    worker.unref();
    return worker;
  }

  private lose(worker: Worker, error: Error): void {
    if (this.worker === worker) this.worker = null;
    // One that was closed may end only when the next one has a job already.
    if (this.waiting?.worker === worker) this.waiting.reject(error);
  }
}

function tell(worker: Worker, message: ToWorker): void {
  worker.postMessage(message);
}

/** Tests run this file as TypeScript, which a worker cannot; they use the worker of the last build. */
function workerFile(): string | URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./lengths.worker.js', import.meta.url);
  return join(PROJECT_ROOT, 'dist/backend/src/lengths/lengths.worker.js');
}
