import { describe, expect, test } from '@jest/globals';
import { bigFile } from '../../../test/big-file.ts';
import { CopyText } from './copy-text.ts';
import { readListInWorker } from './list-reader.ts';
import { readList } from './read-list.ts';

const OPTIONS = { method: 'sms', accountId: 1, campaignId: 2, listId: 3 } as const;
const ROWS = 60_000;
const file = () => bigFile({ rows: ROWS, seed: 7, encoding: 'utf-8' });

describe('reading in a worker', () => {
  test('gives the same facts and the same COPY text as reading here, chunk after chunk', async () => {
    const { bytes, expected } = file();
    const here: Buffer[] = [];
    const copy = new CopyText(OPTIONS, (chunk) => here.push(chunk));
    const facts = readList(bytes, OPTIONS, (rows) => copy.add(rows));
    copy.end();
    const there: Buffer[] = [];
    let busy = 0;
    const read = await readListInWorker(bytes, OPTIONS, async (chunk) => {
      busy += 1;
      await new Promise(setImmediate);
      expect(busy).toBe(1);
      there.push(chunk);
      busy -= 1;
    });
    expect(read).toEqual(facts);
    expect(read).toMatchObject(expected);
    expect(there.length).toBeGreaterThan(6);
    expect(Buffer.concat(there).equals(Buffer.concat(here))).toBe(true);
  });

  test('takes a window on a shared buffer without emptying it', async () => {
    const pool = Buffer.from('xxТелефон\n89123456789\nxx');
    const facts = await readListInWorker(pool.subarray(2, -2), OPTIONS, async () => undefined);
    expect(facts.contacts).toBe(1);
    expect(pool.length).toBeGreaterThan(0);
  });

  test('a problem of the file arrives with its code and parameters', async () => {
    const reading = readListInWorker(Buffer.from('%PDF-1.7'), OPTIONS, async () => undefined);
    await expect(reading).rejects.toMatchObject({
      name: 'ListProblem',
      code: 'file_not_csv',
      params: { kind: 'pdf' },
    });
  });

  test('a chunk that cannot be written ends the reading with that error', async () => {
    const failure = new Error('connection lost');
    let chunks = 0;
    const reading = readListInWorker(file().bytes, OPTIONS, async () => {
      chunks += 1;
      throw failure;
    });
    await expect(reading).rejects.toBe(failure);
    expect(chunks).toBe(1);
  });

  test('an abort ends it even while the worker waits for a chunk to be taken', async () => {
    const abort = new AbortController();
    const reason = new Error('upload cut off');
    const reading = readListInWorker(
      file().bytes,
      OPTIONS,
      () => {
        setImmediate(() => abort.abort(reason));
        return new Promise(() => undefined);
      },
      abort.signal,
    );
    await expect(reading).rejects.toBe(reason);
  });

  test('what is aborted before it began never begins', async () => {
    const reading = readListInWorker(file().bytes, OPTIONS, async () => undefined, AbortSignal.abort());
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('a worker that dies rejects, and the next one works', async () => {
    const dying = readListInWorker(file().bytes, null as never, async () => undefined);
    await expect(dying).rejects.toMatchObject({ name: 'TypeError' });
    const facts = await readListInWorker(Buffer.from('89123456789\n'), OPTIONS, async () => undefined);
    expect(facts.rows).toBe(1);
  });
});
