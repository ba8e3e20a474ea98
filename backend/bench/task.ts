/** One measured task in a process of its own; `inProcess` starts it and reads its one message. */
import { createReadStream, statSync } from 'node:fs';
import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Request, Response } from 'express';
import type { PoolClient } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { DataSource } from 'typeorm';
import { behindWall } from '../src/database/account-wall.ts';
import { createDataSource } from '../src/database/data-source.ts';
import { openLongWork } from '../src/database/database.module.ts';
import type { LongWork } from '../src/database/long-work.ts';
import type { Dispatcher } from '../src/dispatch/dispatcher.ts';
import type { Caller } from '../src/host/caller.ts';
import { CorrectionDownload } from '../src/lists/correcting/correction-download.ts';
import { ListDownloads } from '../src/lists/list-downloads.ts';
import { ListsService } from '../src/lists/lists.service.ts';
import { OneAtATime } from '../src/lists/one-at-a-time.ts';
import { readUpload } from '../src/lists/upload-body.ts';
import { Downloads } from '../src/reports/download.ts';
import { ReportService } from '../src/reports/report.service.ts';
import { importUsually } from './usual-import.ts';
import { watched, type Watched } from './watched.ts';

export type TaskName = keyof typeof TASKS;

export interface TaskResult extends Omit<Watched<unknown>, 'value'> {
  /** That went into the sink. */
  bytes: number;
}

interface Task {
  dataSource: DataSource;
  longWork: LongWork;
  downloads: Downloads;
  url: string;
  file: string;
  caller: Caller;
  campaignId: number;
  sink: Sink;
  /** The sink, as a download sees it. */
  response: Response;
}

/** Those of the product are done as for a request: behind the account's wall. */
const WALLED: ReadonlySet<string> = new Set(['upload', 'report', 'duplicates', 'corrections']);

const TASKS = {
  /** What the controller does with a request. */
  upload: async ({ dataSource, longWork, file, caller, campaignId }: Task) => {
    const dispatcher = { wake: () => undefined } as unknown as Dispatcher;
    const lists = new ListsService(dataSource, dispatcher, longWork, new OneAtATime());
    const upload = { fileName: 'phones.csv', bytes: await readUpload(requestOf(file), STALL_MS) };
    await lists.upload(caller, campaignId, 'main', upload, new AbortController().signal);
  },
  'usual-way': ({ url, file, caller, campaignId }: Task) =>
    importUsually(url, file, caller.accountId, campaignId),
  copy: ({ dataSource, file }: Task) =>
    withClient(dataSource, async (client) => {
      await client.query('begin');
      const rows = createReadStream(file, { highWaterMark: 256 * 1024 });
      await pipeline(rows, client.query(copyFrom('copy contact from stdin')));
      await client.query('commit');
    }),
  report: ({ dataSource, downloads, caller, campaignId, response }: Task) =>
    new ReportService(dataSource, downloads).download(caller, campaignId, 'ru', response),
  duplicates: ({ dataSource, downloads, caller, campaignId, response }: Task) =>
    new ListDownloads(dataSource, downloads).duplicates(caller, campaignId, 'main', 'ru', response),
  corrections: ({ dataSource, downloads, caller, campaignId, response }: Task) =>
    new CorrectionDownload(dataSource, downloads).send(caller, campaignId, 'main', 'ru', response),
  /** The same rows in the same order with the same columns, as they are stored: no words, no guard, no header. */
  'copy-out': ({ dataSource, sink, caller, campaignId }: Task) =>
    withClient(dataSource, async (client) => {
      await client.query('begin; set local enable_nestloop = off');
      await pipeline(client.query(copyTo(plainReport(caller.accountId, campaignId))), sink);
      await client.query('commit');
    }),
};

function plainReport(accountId: number, campaignId: number): string {
  const one = (table: string) =>
    `${table}.account_id = ${accountId} and ${table}.campaign_id = ${campaignId}`;
  return `copy (
    select phone, cells, row_no, file_name, slot, run, state, reason, detail, segments, sent_at, delivered_at, read_at,
           replied_at, provider_id
      from (select m.run, m.list_id, m.row_no, c.phone, c.cells, m.state, m.reason, m.detail, m.segments, m.sent_at,
                   m.delivered_at, m.read_at, m.replied_at, m.provider_id
              from message m join contact c on ${one('c')} and c.list_id = m.list_id and c.row_no = m.row_no
             where ${one('m')}
            union all
            select rl.run, c.list_id, c.row_no, c.phone, c.cells, null, c.refusal, null, null, null, null, null, null, null
              from contact c join run_list rl on ${one('rl')} and rl.list_id = c.list_id
             where ${one('c')} and c.phone is null) as line
      join list l on ${one('l')} and l.id = line.list_id
     order by run, slot desc, list_id, row_no) to stdout`;
}

/** A response whose client is fast: like a socket, it takes the next piece in another turn of the event loop. */
class Sink extends Writable {
  bytes = 0;

  set(): this {
    return this;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.bytes += chunk.length;
    setImmediate(done);
  }
}

async function withClient(
  dataSource: DataSource,
  work: (client: PoolClient) => Promise<unknown>,
): Promise<void> {
  const runner = dataSource.createQueryRunner();
  try {
    await work((await runner.connect()) as PoolClient);
  } finally {
    await runner.release();
  }
}

/** Far longer than a file on disk can take. */
const STALL_MS = 60_000;

/** As it comes from a request: in pieces, its size declared. */
function requestOf(file: string): Request {
  const headers = { 'content-length': String(statSync(file).size) };
  return Object.assign(createReadStream(file), { headers, complete: true }) as unknown as Request;
}

/** What an earlier rubbish collection would have taken is not the task's. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const [name, url, file, accountId, campaignId] = process.argv.slice(2);
const dataSource = createDataSource(url!, 3);
await dataSource.initialize();
const sink = new Sink();
const caller: Caller = {
  accountId: Number(accountId),
  installationId: 'bench',
  expiresAt: Infinity,
  userId: 'bench',
  role: 'admin',
  account: { name: 'Bench', timeZone: 'Europe/Moscow' },
};
const longWork = await openLongWork(dataSource, { databaseLongPoolSize: 2, databaseLongWaitMs: 5000 });
const task: Task = {
  dataSource,
  longWork,
  downloads: new Downloads(longWork, { downloadStallMs: 30_000 }),
  url: url!,
  file: file!,
  caller,
  campaignId: Number(campaignId),
  sink,
  response: sink as unknown as Response,
};
collectGarbage();
const { seconds, stallMs, growthMb } = await watched(() =>
  WALLED.has(name!)
    ? behindWall(caller.accountId, () => TASKS[name as TaskName](task))
    : TASKS[name as TaskName](task),
);
await longWork.onApplicationShutdown();
await dataSource.destroy();
process.send!({ seconds, stallMs, growthMb, bytes: sink.bytes } satisfies TaskResult);
process.disconnect();
