import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { PROJECT_ROOT } from '../../project-root.ts';
import type { CorrectedList } from '../correcting/read-correction.ts';
import type { ListKey } from './copy-text.ts';
import { ListProblem } from './list-problem.ts';
import type { FromWorker, WorkerInput, WorkerTask } from './list-reader-messages.ts';
import type { ListFacts, ReadOptions } from './read-list.ts';

/** Reading 10 MB needs about 60 MB of heap; a file that needs more than this fails alone. */
const HEAP_MEGABYTES = 256;
/**
 * Of that, for rows that live for a slice only (`quotes.ts`). A few less cost nothing, a few more are held: a file of
 * foreign numbers comes near the limit of what an upload may take.
 */
const YOUNG_MEGABYTES = 16;

/**
 * Reads a file in a worker thread. `onChunk` gets the text for `COPY contact (…) FROM STDIN` piece by piece, one at a
 * time; while it is busy the worker waits. Rows passed on before a rejection are worthless: roll them back.
 * @param bytes of a SharedArrayBuffer, or they are copied into one
 * @throws ListProblem for what is wrong with the file; the reason of `signal`; what `onChunk` throws
 */
export async function readListInWorker(
  bytes: Uint8Array,
  options: ReadOptions & ListKey,
  onChunk: (chunk: Buffer) => Promise<void>,
  signal?: AbortSignal,
): Promise<ListFacts> {
  const last = await workOn(bytes, { kind: 'list', options }, onChunk, signal);
  if (last.kind !== 'facts') throw new Error('the list reader read something else');
  return last.facts;
}

/**
 * The same for a correction file; the text is for `COPY … (row_no, phone, refusal, repairs, cells) FROM STDIN`.
 * @returns how many rows it has
 */
export async function readCorrectionInWorker(
  bytes: Uint8Array,
  { list, method }: { list: CorrectedList; method: ReadOptions['method'] },
  onChunk: (chunk: Buffer) => Promise<void>,
  signal?: AbortSignal,
): Promise<number> {
  const last = await workOn(bytes, { kind: 'correction', list, method }, onChunk, signal);
  if (last.kind !== 'corrected') throw new Error('the list reader read something else');
  return last.rows;
}

type Last = Exclude<FromWorker, { kind: 'chunk' | 'problem' }>;

async function workOn(
  bytes: Uint8Array,
  task: WorkerTask,
  onChunk: (chunk: Buffer) => Promise<void>,
  signal?: AbortSignal,
): Promise<Last> {
  signal?.throwIfAborted();
  const taken = new SharedArrayBuffer(4);
  const worker = startWorker(bytes, task, taken);
  const done = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true, signal: done.signal });
  });
  try {
    return await Promise.race([receive(worker, new Int32Array(taken), onChunk), aborted]);
  } finally {
    done.abort();
    await worker.terminate();
  }
}

/** Takes the worker's messages one after another; the last of them says what was read, or a problem. */
function receive(
  worker: Worker,
  taken: Int32Array,
  onChunk: (chunk: Buffer) => Promise<void>,
): Promise<Last> {
  return new Promise((resolve, reject) => {
    let before = Promise.resolve();
    let isLast = false;
    const handle = async (message: FromWorker): Promise<void> => {
      if (message.kind === 'problem') throw new ListProblem(message.code, message.params);
      if (message.kind !== 'chunk') return resolve(message);
      await onChunk(Buffer.from(message.bytes));
      Atomics.add(taken, 0, 1);
      Atomics.notify(taken, 0);
    };
    worker.on('message', (message: FromWorker) => {
      isLast = message.kind !== 'chunk';
      before = before.then(() => handle(message));
      before.catch(reject);
    });
    worker.once('error', reject);
    worker.once('exit', (code) => {
      // It may well end while its last chunks are still being taken.
      if (!isLast) reject(new Error(`the list reader ended early with code ${code}`));
    });
  });
}

function startWorker(bytes: Uint8Array, task: WorkerTask, taken: SharedArrayBuffer): Worker {
  const input: WorkerInput = { bytes: sharedBytes(bytes), task, taken };
  return new Worker(workerFile(), {
    workerData: input,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES, maxYoungGenerationSizeMb: YOUNG_MEGABYTES },
  });
}

/** Handing the bytes over instead would leave this thread without them, and it may be storing them. */
function sharedBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.byteLength));
  shared.set(bytes);
  return shared;
}

/** Tests run this file as TypeScript, which a worker cannot; they use the worker of the last build. */
function workerFile(): string | URL {
  if (!import.meta.url.endsWith('.ts')) return new URL('./list-reader.worker.js', import.meta.url);
  return join(PROJECT_ROOT, 'dist/backend/src/lists/reading/list-reader.worker.js');
}
