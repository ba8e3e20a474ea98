import { pipeline } from 'node:stream/promises';
import type { Socket } from 'node:net';
import type { Response } from 'express';
import type { PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { DataSource } from 'typeorm';
import { planForManyRows } from '../database/rows.ts';

/** Headers of a CSV that is saved under a name; the name in UTF-8 beside one in ASCII (RFC 6266). */
export function csvHeaders(response: Response, fileName: string): void {
  const ascii = fileName.replace(/[^\w.-]+/g, '_');
  response.set({
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(fileName)}`,
    'Cache-Control': 'no-store',
  });
}

/**
 * Streams a query whose only column is a finished line (`csvLineSql`): `head` first, then line by line, each ended
 * with CRLF, in flat memory. COPY is several times cheaper than reading rows; its text form escapes a few
 * characters, which are put back here.
 */
export function streamLines(
  dataSource: DataSource,
  sql: string,
  head: string,
  response: Response,
): Promise<void> {
  return streamCopy(dataSource, sql, (copy) => lines(head, copy), response);
}

/** Streams what `write` makes of a query's rows in COPY's text form, each as fast as the other. */
export async function streamCopy(
  dataSource: DataSource,
  sql: string,
  write: (copy: AsyncIterable<Buffer>) => AsyncIterable<Buffer>,
  response: Response,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  const client = (await runner.connect()) as PoolClient & { connection: { stream: Socket } };
  try {
    await runner.startTransaction();
    await planForManyRows(runner.manager);
    // Times are written as text: in the one way, whatever the server's own is.
    await runner.query('set local datestyle = iso');
    const copy = client.query(copyTo(`copy (${sql}) to stdout`));
    await pipeline(write(copy), response);
    await runner.commitTransaction();
  } catch (error) {
    // Half-way through a COPY the connection is good for nothing else: it is cut, and the pool makes a new one.
    client.connection.stream.destroy();
    throw error;
  } finally {
    await runner.release();
  }
}

async function* lines(head: string, copy: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(head);
  let rest = '';
  for await (const chunk of copy) {
    // As latin1 every byte is one character, so UTF-8 passes through whole wherever a chunk is cut.
    const text = rest + chunk.toString('latin1');
    // A backslash at the end belongs to what comes with the next chunk.
    const cut = text.endsWith('\\') ? text.length - /\\+$/.exec(text)![0].length : text.length;
    rest = text.slice(cut);
    yield Buffer.from(plainLines(text.slice(0, cut)), 'latin1');
  }
}

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' };

/** COPY's text form ends lines with LF and writes what it must escape with a backslash (PostgreSQL, COPY, "Text Format"). */
export function plainLines(text: string): string {
  const ended = text.replaceAll('\n', '\r\n');
  return ended.includes('\\') ? ended.replace(/\\(.)/g, (_, code: string) => ESCAPES[code] ?? code) : ended;
}
