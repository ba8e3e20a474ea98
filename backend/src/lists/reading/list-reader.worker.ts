/**
 * The worker's side of `list-reader.ts`: reading ten megabytes takes a second or more, which must not hold up the
 * thread that sends messages and answers requests.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { readCorrection } from '../correcting/read-correction.ts';
import { Chunks, CopyText, correctedLine } from './copy-text.ts';
import { ListProblem } from './list-problem.ts';
import { CHUNKS_IN_FLIGHT, type FromWorker, type WorkerInput } from './list-reader-messages.ts';
import { readList } from './read-list.ts';

const { bytes, task, taken } = workerData as WorkerInput;
const takenChunks = new Int32Array(taken);
let posted = 0;

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer);
}

/** Reading is one synchronous run, so it waits by sleeping until the other side has taken a chunk. */
function postChunk(chunk: Buffer<ArrayBuffer>): void {
  let seen = Atomics.load(takenChunks, 0);
  while (posted - seen >= CHUNKS_IN_FLIGHT) {
    Atomics.wait(takenChunks, 0, seen);
    seen = Atomics.load(takenChunks, 0);
  }
  posted += 1;
  post({ kind: 'chunk', bytes: chunk.buffer }, [chunk.buffer]);
}

/** The last message. */
function work(): FromWorker {
  if (task.kind === 'list') {
    const copy = new CopyText(task.options, postChunk);
    const facts = readList(bytes, task.options, (rows) => copy.add(rows));
    copy.end();
    return { kind: 'facts', facts };
  }
  const chunks = new Chunks(postChunk);
  const rows = readCorrection(bytes, task.list, task.method, (read) => {
    for (const row of read) chunks.add(correctedLine(row));
  });
  chunks.end();
  return { kind: 'corrected', rows };
}

try {
  post(work());
} catch (error) {
  if (!(error instanceof ListProblem)) throw error;
  post({ kind: 'problem', code: error.code as ListProblem['code'], params: error.params });
}
