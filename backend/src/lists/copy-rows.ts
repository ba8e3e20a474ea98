import type { PoolClient } from 'pg';
import { CopyIn } from './copy-in.ts';
import type { CorrectedList } from './correcting/read-correction.ts';
import type { ListKey } from './reading/copy-text.ts';
import { readCorrectionInWorker, readListInWorker } from './reading/list-reader.ts';
import type { ListFacts, ReadOptions } from './reading/read-list.ts';

const COLUMNS = 'account_id, campaign_id, list_id, row_no, phone, refusal, repeated, cells';

export interface CopyOptions extends ReadOptions, ListKey {
  /** The table that takes the rows: `contact`, or one like it. */
  into?: string;
}

/** @param before what the connection has to do first; it is done while the worker starts */
export function copyRows(
  client: PoolClient,
  bytes: Uint8Array,
  { into = 'contact', ...options }: CopyOptions,
  before: Promise<void>,
  signal: AbortSignal,
): Promise<ListFacts> {
  const copy = `copy ${into} (${COLUMNS}) from stdin`;
  return passOn(client, copy, before, (write) => readListInWorker(bytes, options, write, signal));
}

/** @returns how many rows the correction file has */
export function copyCorrections(
  client: PoolClient,
  into: string,
  bytes: Uint8Array,
  options: { list: CorrectedList; method: ReadOptions['method'] },
  signal: AbortSignal,
): Promise<number> {
  const copy = `copy ${into} (row_no, phone, refusal, repairs, cells) from stdin`;
  return passOn(client, copy, Promise.resolve(), (write) =>
    readCorrectionInWorker(bytes, options, write, signal),
  );
}

/** The worker makes COPY text, this passes it on; each waits for the other, so memory stays flat. */
async function passOn<T>(
  client: PoolClient,
  sql: string,
  before: Promise<void>,
  read: (write: (chunk: Buffer) => Promise<void>) => Promise<T>,
): Promise<T> {
  before.catch(() => undefined);
  let copy: CopyIn | undefined;
  const write = async (chunk: Buffer) => {
    await before;
    copy ??= new CopyIn(client, sql);
    await copy.write(chunk);
  };
  try {
    const facts = await read(write);
    await copy?.end();
    return facts;
  } catch (error) {
    await copy?.fail(error as Error);
    throw error;
  } finally {
    // The connection is free for what comes next, a rollback or a commit.
    await before.catch(() => undefined);
  }
}
