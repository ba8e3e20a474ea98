import type { PoolClient } from 'pg';
import { CopyIn } from './copy-in.ts';
import type { ListKey } from './reading/copy-text.ts';
import { readListInWorker } from './reading/list-reader.ts';
import type { ListFacts, ReadOptions } from './reading/read-list.ts';

const COPY =
  'copy contact (account_id, campaign_id, list_id, row_no, phone, refusal, repeated, cells) from stdin';

/**
 * The worker makes COPY text, this passes it on; each waits for the other, so memory stays flat.
 * @param before what the connection has to do first; it is done while the worker starts
 */
export async function copyRows(
  client: PoolClient,
  bytes: Uint8Array,
  options: ReadOptions & ListKey,
  before: Promise<void>,
  signal: AbortSignal,
): Promise<ListFacts> {
  before.catch(() => undefined);
  let copy: CopyIn | undefined;
  const write = async (chunk: Buffer) => {
    await before;
    copy ??= new CopyIn(client, COPY);
    await copy.write(chunk);
  };
  try {
    const facts = await readListInWorker(bytes, options, write, signal);
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
