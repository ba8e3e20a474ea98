/** Uploaded files as they came, in `list_file`: to be read in another way without being uploaded again. */
import type { PoolClient } from 'pg';
import type { EntityManager } from 'typeorm';
import type { ListSlot } from '../../../contract/list.ts';
import { changedRows, rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';
import { CopyIn } from './copy-in.ts';
import { loadedLists, type ListRow } from './list-rows.ts';

export interface FileKey {
  accountId: number;
  campaignId: number;
  listId: number;
}

/** Bytes to a message: PostgreSQL takes them as they come, and the event loop is never held up. */
const PART_BYTES = 256 * 1024;

/**
 * Stores a file under a list whose row is written later in the same transaction. By binary COPY in parts: as a
 * parameter, ten megabytes would be copied three times in memory and take half as long again.
 */
export async function storeFile(client: PoolClient, key: FileKey, bytes: Uint8Array): Promise<void> {
  const copy = new CopyIn(
    client,
    'copy list_file (account_id, campaign_id, list_id, bytes) from stdin binary',
  );
  try {
    await copy.write(rowHead(key, bytes.byteLength));
    for (let at = 0; at < bytes.byteLength; at += PART_BYTES) {
      await copy.write(bytes.subarray(at, at + PART_BYTES));
    }
    await copy.write(END_OF_ROWS);
    await copy.end();
  } catch (error) {
    await copy.fail(error as Error);
    throw error;
  }
}

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
const END_OF_ROWS = Buffer.of(0xff, 0xff);

/** Of the one row, up to its bytes (PostgreSQL, COPY, “Binary Format”). */
function rowHead({ accountId, campaignId, listId }: FileKey, size: number): Buffer {
  const head = Buffer.alloc(49);
  SIGNATURE.copy(head);
  // Flags and the length of an extension, both 0, lie between; then the number of fields, and each after its length.
  let at = head.writeInt16BE(4, 19);
  for (const id of [accountId, campaignId, listId]) at = head.writeInt32BE(id, head.writeInt32BE(4, at));
  head.writeInt32BE(size, at);
  return head;
}

/**
 * Gives the file to another list, whose row is written later in the same transaction; its bytes are not written anew.
 * @returns false when there is no such file, or no longer
 */
export async function moveFile(manager: EntityManager, from: FileKey, listId: number): Promise<boolean> {
  const moved = await changedRows(
    manager,
    'update list_file set list_id = $4 where account_id = $1 and campaign_id = $2 and list_id = $3',
    [from.accountId, from.campaignId, from.listId, listId],
  );
  return moved === 1;
}

/** The first bytes of a file, all of them when it is shorter, and its size; null when there is none. */
export async function fileBeginning(
  manager: EntityManager,
  key: FileKey,
  length: number,
): Promise<{ bytes: Buffer; size: number } | null> {
  const [row] = await rowsOf<{ bytes: Buffer; size: number }>(
    manager,
    `select substring(bytes from 1 for $4) as bytes, length(bytes) as size from list_file
      where account_id = $1 and campaign_id = $2 and list_id = $3`,
    [key.accountId, key.campaignId, key.listId, length],
  );
  return row ?? null;
}

/**
 * A file as a whole; null when there is none, or when it went away meanwhile. Read in parts: in one answer it would
 * come as twenty megabytes of hexadecimal digits.
 * @returns bytes of a shared buffer, which the reading thread sees without a copy
 */
async function loadFile(manager: EntityManager, key: FileKey): Promise<Uint8Array | null> {
  const size = (await fileBeginning(manager, key, 0))?.size;
  if (size === undefined) return null;
  const bytes = new Uint8Array(new SharedArrayBuffer(size));
  for (let at = 0; at < size; at += PART_BYTES) {
    const [part] = await rowsOf<{ bytes: Buffer }>(
      manager,
      `select substring(bytes from $4 for $5) as bytes from list_file
        where account_id = $1 and campaign_id = $2 and list_id = $3`,
      [key.accountId, key.campaignId, key.listId, at + 1, PART_BYTES],
    );
    if (!part) return null;
    bytes.set(part.bytes, at);
  }
  return bytes;
}

/**
 * The file that a field has, and its list.
 * @param listId the list that a person has looked at, where they have
 * @throws ProblemError list_not_found, file_not_kept, version_conflict when another file has taken its place
 */
export async function keptFile(
  manager: EntityManager,
  accountId: number,
  campaignId: number,
  slot: ListSlot,
  listId: number | undefined,
): Promise<{ list: ListRow; bytes: Uint8Array }> {
  const list = (await loadedLists(manager, accountId, campaignId)).find((each) => each.slot === slot);
  if (!list) throw new ProblemError('list_not_found');
  if (listId !== undefined && listId !== list.id) throw new ProblemError('version_conflict');
  const bytes = await loadFile(manager, { accountId, campaignId, listId: list.id });
  if (!bytes) throw new ProblemError('file_not_kept');
  return { list, bytes };
}
