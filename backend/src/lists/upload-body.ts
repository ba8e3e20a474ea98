import type { Request } from 'express';
import { MAX_FILE_BYTES } from '../../../contract/list.ts';
import { ProblemError } from '../errors.ts';

/**
 * The file as it streams in. Its declared size is refused before a byte is read, its true size as soon as it is
 * reached: 10 MB is already too much. Nothing but its memory is held while it trickles in, and who sends nothing for
 * `stallMs` is answered and cut off.
 *
 * @throws ProblemError file_too_large, file_empty, upload_aborted
 */
export async function readUpload(request: Request, stallMs: number): Promise<Uint8Array> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared >= MAX_FILE_BYTES) throw new ProblemError('file_too_large');
  let bytes = sharedBytes(declared || UNDECLARED_BYTES);
  let size = 0;
  try {
    for await (const chunk of unstalled(request, stallMs)) {
      if (size + chunk.length >= MAX_FILE_BYTES) throw new ProblemError('file_too_large');
      if (size + chunk.length > bytes.length) bytes = grown(bytes, size + chunk.length);
      bytes.set(chunk, size);
      size += chunk.length;
    }
  } catch (error) {
    // What is still to come is not waited for: with the answer the connection closes.
    request.res?.set('Connection', 'close');
    throw error instanceof ProblemError ? error : new ProblemError('upload_aborted');
  }
  if (!request.complete) throw new ProblemError('upload_aborted');
  if (size === 0) throw new ProblemError('file_empty');
  return bytes.subarray(0, size);
}

/** What a file of undeclared size is given at first. */
const UNDECLARED_BYTES = 1024 * 1024;

/** The reading thread sees them without a copy, while this one stores them. */
function sharedBytes(size: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(new SharedArrayBuffer(size));
}

function grown(bytes: Uint8Array<SharedArrayBuffer>, size: number): Uint8Array<SharedArrayBuffer> {
  const larger = sharedBytes(Math.max(size, bytes.length * 2));
  larger.set(bytes);
  return larger;
}

/** The request's pieces; ends in an error when none comes for so long. */
async function* unstalled(request: Request, stallMs: number): AsyncGenerator<Buffer> {
  const pieces = (request as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  for (;;) {
    let timer: NodeJS.Timeout | undefined;
    const stalled = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new ProblemError('upload_aborted')), stallMs);
    });
    const next = pieces.next();
    // The one that loses the race may still fail, when the connection closes.
    next.catch(() => undefined);
    try {
      const { done, value } = await Promise.race([next, stalled]);
      if (done) return;
      yield value;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A name for people: without folders and control characters, at most 200 long. */
export function safeFileName(name: unknown): string {
  const text = typeof name === 'string' ? name : '';
  const clean = text
    .replace(/^.*[\\/]/, '')
    .replace(/\p{Cc}/gu, '')
    .trim();
  return clean.slice(0, 200) || 'file.csv';
}
