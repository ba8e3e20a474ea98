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

/** Cannot stand in a line: `csvLineSql` takes both out. */
const QUOTE = 0x01;

/**
 * Streams a query whose only column is a finished line (`csvLineSql`): `head` first, then line by line in flat
 * memory. COPY is four times cheaper than reading rows, but its CSV form quotes what it likes and its text form
 * escapes; with a quote character that no line holds, taking that byte out again gives the lines as they were.
 */
export async function streamLines(
  dataSource: DataSource,
  sql: string,
  head: string,
  response: Response,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  const client = (await runner.connect()) as PoolClient & { connection: { stream: Socket } };
  try {
    await runner.startTransaction();
    await planForManyRows(runner.manager);
    const options = `format csv, delimiter E'\\x02', quote E'\\x01', escape E'\\x01'`;
    const copy = client.query(copyTo(`copy (${sql}) to stdout (${options})`));
    await pipeline(lines(head, copy), response);
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
  for await (const chunk of copy)
    yield chunk.includes(QUOTE) ? (chunk.filter((byte) => byte !== QUOTE) as Buffer) : chunk;
}
