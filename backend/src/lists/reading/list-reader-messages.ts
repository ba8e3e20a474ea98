import type { ProblemParams } from '../../errors.ts';
import type { CorrectedList } from '../correcting/read-correction.ts';
import type { ListKey } from './copy-text.ts';
import type { ListProblem } from './list-problem.ts';
import type { ListFacts, ReadOptions } from './read-list.ts';

/** Chunks posted and not yet taken; of 256 KB each. */
export const CHUNKS_IN_FLIGHT = 4;

/** What is to be read: a list, or corrections of one. */
export type WorkerTask =
  | { kind: 'list'; options: ReadOptions & ListKey }
  | { kind: 'correction'; list: CorrectedList; method: ReadOptions['method'] };

export interface WorkerInput {
  bytes: Uint8Array;
  task: WorkerTask;
  /** One Int32: how many chunks the main thread has taken. */
  taken: SharedArrayBuffer;
}

export type FromWorker =
  | { kind: 'chunk'; bytes: ArrayBuffer }
  | { kind: 'facts'; facts: ListFacts }
  | { kind: 'corrected'; rows: number }
  | { kind: 'problem'; code: ListProblem['code']; params: ProblemParams };
