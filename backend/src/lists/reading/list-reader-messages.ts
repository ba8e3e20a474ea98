import type { ProblemParams } from '../../errors.ts';
import type { ListKey } from './copy-text.ts';
import type { ListProblem } from './list-problem.ts';
import type { ListFacts, ReadOptions } from './read-list.ts';

/** Chunks posted and not yet taken; of 256 KB each. */
export const CHUNKS_IN_FLIGHT = 4;

export interface WorkerInput {
  bytes: Uint8Array;
  options: ReadOptions & ListKey;
  /** One Int32: how many chunks the main thread has taken. */
  taken: SharedArrayBuffer;
}

export type FromWorker =
  | { kind: 'chunk'; bytes: ArrayBuffer }
  | { kind: 'facts'; facts: ListFacts }
  | { kind: 'problem'; code: ListProblem['code']; params: ProblemParams };
