import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { bigFile } from '../../../test/big-file.ts';
import { PROJECT_ROOT } from '../../project-root.ts';
import { CHUNKS_IN_FLIGHT, type FromWorker, type WorkerInput } from './list-reader-messages.ts';

const FILE = join(PROJECT_ROOT, 'dist/backend/src/lists/reading/list-reader.worker.js');

/** Takes a chunk after `turns` turns of the event loop; returns the most chunks there were ahead of the taker. */
async function mostAhead(turns: number): Promise<{ most: number; chunks: number }> {
  const taken = new Int32Array(new SharedArrayBuffer(4));
  const input: WorkerInput = {
    bytes: bigFile({ rows: 60_000, seed: 3, encoding: 'windows-1251' }).bytes,
    task: { kind: 'list', options: { method: 'sms', accountId: 1, campaignId: 2, listId: 3 } },
    taken: taken.buffer as SharedArrayBuffer,
  };
  const worker = new Worker(FILE, { workerData: input, execArgv: [] });
  let chunks = 0;
  let most = 0;
  let taking = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    worker.on('error', reject);
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'facts') return resolve();
      if (message.kind === 'problem') return reject(new Error(message.code));
      chunks += 1;
      most = Math.max(most, chunks - Atomics.load(taken, 0));
      taking = taking.then(async () => {
        for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
        Atomics.add(taken, 0, 1);
        Atomics.notify(taken, 0);
      });
    });
  });
  await worker.terminate();
  return { most, chunks };
}

test.each([0, 1, 200])('a taker %i turns behind has at most four chunks ahead of it', async (turns) => {
  const { most, chunks } = await mostAhead(turns);
  expect(chunks).toBeGreaterThan(CHUNKS_IN_FLIGHT * 2);
  expect(most).toBeLessThanOrEqual(CHUNKS_IN_FLIGHT);
});
