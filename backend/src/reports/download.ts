import { pipeline } from 'node:stream/promises';
import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { to as copyTo } from 'pg-copy-streams';
import type { Language } from '../../../contract/problems.ts';
import type { Config } from '../config.ts';
import { cut, LongWork } from '../database/long-work.ts';
import { zoneInDatabase } from '../database/zones.ts';
import { planForManyRows } from '../database/rows.ts';
import { CONFIG } from '../tokens.ts';

/** Headers of a CSV that is saved under a name; the name in UTF-8 beside one in ASCII (RFC 6266). */
export function csvHeaders(response: Response, fileName: string): void {
  const ascii = fileName.replace(/[^\w.-]+/g, '_');
  response.set({
    'Content-Type': 'text/csv; charset=utf-8',
    'Content-Disposition': `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(fileName)}`,
    'Cache-Control': 'no-store',
  });
}

const SUFFIXES = {
  refused: { en: 'refused', ru: 'с ошибками' },
  duplicates: { en: 'duplicates', ru: 'повторы' },
  unsendable: { en: 'unsendable', ru: 'не отправятся' },
} satisfies Record<string, Record<Language, string>>;

/** A part of an uploaded file is called after it, in the reader's words: "Клиенты с ошибками.csv". */
export function partName(fileName: string, part: keyof typeof SUFFIXES, language: Language): string {
  return `${fileName.replace(/\.[^.]*$/, '')} ${SUFFIXES[part][language]}.csv`;
}

/** Node's code of a response that was closed before its end: by its reader, or by us when it stalled. */
const CLIENT_LEFT = 'ERR_STREAM_PREMATURE_CLOSE';

export interface Download {
  fileName: string;
  sql: string;
  /** The query's rows come in COPY's CSV form, with `;`, instead of its text form: for `csvRows`. */
  csv?: boolean;
  /** In which times are written. */
  timeZone?: string;
  /** Makes the file of the query's rows as COPY gives them. */
  write: (copy: AsyncIterable<Buffer>) => AsyncIterable<Buffer>;
}

/** Files that PostgreSQL writes and a client takes at its own pace. */
@Injectable()
export class Downloads {
  private readonly logger = new Logger(Downloads.name);

  constructor(
    private readonly longWork: LongWork,
    @Inject(CONFIG) private readonly config: Pick<Config, 'downloadStallMs'>,
  ) {}

  /**
   * In flat memory; COPY is several times cheaper than reading rows. The client holds a connection and a snapshot of
   * the database meanwhile, so one that takes nothing for a while is cut off.
   *
   * @throws ProblemError `busy`, before anything of the answer is written
   */
  async send({ fileName, sql, csv, timeZone, write }: Download, response: Response): Promise<void> {
    const stall = new Stall(this.config.downloadStallMs, () => this.giveUp(response));
    await this.longWork.withConnection(async (runner, client) => {
      try {
        await runner.startTransaction();
        await planForManyRows(runner.manager);
        // Times are written as text: in the one way, whatever the server's own is.
        await runner.query('set local datestyle = iso');
        if (timeZone)
          await runner.query(`select set_config('timezone', $1, true)`, [
            await zoneInDatabase(runner.manager, timeZone),
          ]);
        csvHeaders(response, fileName);
        const form = csv ? `with (format csv, delimiter ';')` : '';
        const copy = client.query(copyTo(`copy (${sql}) to stdout ${form}`));
        await pipeline(watched(write(copy), stall), response);
        await runner.commitTransaction();
      } catch (error) {
        await cut(client);
        if ((error as { code?: unknown }).code !== CLIENT_LEFT) throw error;
      } finally {
        stall.disarm();
      }
    });
  }

  private giveUp(response: Response): void {
    this.logger.warn('a client that took nothing more of its download was cut off');
    response.destroy();
  }
}

/** Calls back when a piece, or the end of the file, has not been taken for so long. */
class Stall {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly ms: number,
    private readonly onStall: () => void,
  ) {}

  arm(): void {
    this.timer = setTimeout(this.onStall, this.ms);
  }

  disarm(): void {
    clearTimeout(this.timer);
  }
}

/** A pipeline asks for the next piece only when the one before has gone. */
async function* watched(pieces: AsyncIterable<Buffer>, stall: Stall): AsyncGenerator<Buffer> {
  for await (const piece of pieces) {
    stall.arm();
    yield piece;
    stall.disarm();
  }
  stall.arm();
}

/** Of rows in COPY's CSV form: `head` first, then the rows as they are, each ended with CRLF. */
export function csvRows(head: string): Download['write'] {
  return (copy) => rowsEndedWithCrlf(head, copy);
}

async function* rowsEndedWithCrlf(head: string, copy: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield Buffer.from(head);
  let quoted = false;
  for await (const chunk of copy) {
    // As latin1 every byte is one character, so UTF-8 passes through whole wherever a chunk is cut.
    const parts = chunk.toString('latin1').split('"');
    // A line break between quotes is the cell's own and stays. A doubled quote leaves and enters: nothing changes.
    const ended = parts.map((part, at) => (quoted !== (at % 2 === 1) ? part : part.replaceAll('\n', '\r\n')));
    quoted = quoted !== (parts.length % 2 === 0);
    yield Buffer.from(ended.join('"'), 'latin1');
  }
}
