import { fork } from 'node:child_process';
import { chmodSync, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { DataSource } from 'typeorm';
import { bigFile } from '../test/big-file.ts';
import { aCampaign } from '../test/factories.ts';
import { settleDown, withDatabase, type BenchDatabase } from './bench-database.ts';
import type { Figures } from './figures.ts';
import type { TaskName, TaskResult } from './import-task.ts';
import { median, ROUNDS } from './rounds.ts';

const ROWS = 600_000;

/** From a file's bytes to contacts, and from messages to a report, each against what PostgreSQL can do at best. */
export async function importBench(figures: Figures): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-bench-'));
  chmodSync(folder, 0o755);
  try {
    await withDatabase(async (database) => {
      const file = join(folder, 'phones.csv');
      const { bytes, expected } = bigFile({ rows: ROWS, seed: 1, encoding: 'utf-8' });
      writeFileSync(file, bytes);
      console.log(`${(bytes.length / 1e6).toFixed(2)} MB, ${expected.rows} rows`);
      const uploads = await measureUploads(database, file, join(folder, 'rows.copy'), figures);
      await measureReport(database, uploads, figures);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the campaign whose rows are loaded at the end: the plain COPY always loads the first round's */
async function measureUploads(
  { url, dataSource }: BenchDatabase,
  file: string,
  rowsFile: string,
  figures: Figures,
): Promise<number[]> {
  const uploads: TaskResult[] = [];
  const copies: TaskResult[] = [];
  let saved: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const campaign = await aCampaign(dataSource, { state: 'draft', phones: [] });
    const key = [campaign.accountId, campaign.campaignId];
    await emptyContacts(dataSource);
    uploads.push(await inProcess('upload', url, file, key));
    await checkLoaded(dataSource, key);
    if (round === 1) {
      saved = key;
      await saveRows(url, rowsFile);
    }
    await emptyContacts(dataSource);
    copies.push(await inProcess('copy', url, rowsFile, key));
    const [ours, plain] = [uploads.at(-1)!, copies.at(-1)!];
    console.log(
      `round ${round}: upload ${ours.seconds.toFixed(2)} s (stall ${ours.stallMs.toFixed(0)} ms, +${ours.growthMb.toFixed(0)} MB), ` +
        `COPY ${plain.seconds.toFixed(2)} s (stall ${plain.stallMs.toFixed(0)} ms, +${plain.growthMb.toFixed(0)} MB)`,
    );
  }
  const time = median(uploads.map((each) => each.seconds));
  figures.atMost('copy', time / median(copies.map((each) => each.seconds)), 15, 'x');
  figures.atMost('longest-stall', median(uploads.map((each) => each.stallMs)), 50, 'ms');
  figures.atMost('memory', Math.max(...uploads.map((each) => each.growthMb)), 250, 'MB');
  figures.informational('rows', ROWS / time, '/s');
  return saved;
}

/** A finished run of the rows loaded last: everything sent, delivered and with the provider's id. */
async function measureReport(
  { url, dataSource }: BenchDatabase,
  key: number[],
  figures: Figures,
): Promise<void> {
  await dataSource.query(
    `insert into run (account_id, campaign_id, run, scope, content, started_by) values ($1, $2, 1, 'all', '{}', 'bench')`,
    key,
  );
  await dataSource.query(
    `insert into run_list (account_id, campaign_id, run, list_id)
     select account_id, campaign_id, 1, id from list where account_id = $1 and campaign_id = $2`,
    key,
  );
  await dataSource.query(
    `insert into message (account_id, campaign_id, run, position, list_id, row_no, state, segments, sent_at, delivered_at, provider_id)
     select account_id, campaign_id, 1, row_no, list_id, row_no, 'delivered', 1, now(), now(), gen_random_uuid()
       from contact where phone is not null and account_id = $1 and campaign_id = $2`,
    key,
  );
  await dataSource.query(
    `update campaign set state = 'completed', run = 1 where account_id = $1 and id = $2`,
    key,
  );
  await settleDown(dataSource, 'contact', 'message');
  const reports: TaskResult[] = [];
  const copies: TaskResult[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    reports.push(await inProcess('report', url, '', key));
    copies.push(await inProcess('copy-out', url, '', key));
    const [ours, plain] = [reports.at(-1)!, copies.at(-1)!];
    console.log(
      `round ${round}: report ${ours.seconds.toFixed(2)} s (${(ours.bytes / 1e6).toFixed(0)} MB, stall ${ours.stallMs.toFixed(0)} ms, ` +
        `+${ours.growthMb.toFixed(0)} MB), COPY TO ${plain.seconds.toFixed(2)} s (${(plain.bytes / 1e6).toFixed(0)} MB)`,
    );
  }
  const time = median(reports.map((each) => each.seconds));
  figures.atMost('report-copy-to', time / median(copies.map((each) => each.seconds)), 6, 'x');
  figures.atMost('report-longest-stall', median(reports.map((each) => each.stallMs)), 50, 'ms');
  figures.atMost('report-memory', Math.max(...reports.map((each) => each.growthMb)), 100, 'MB');
  figures.informational('report-rows', ROWS / time, '/s');
}

/** In a process of its own, so that memory and stalls are those of the task alone. */
function inProcess(task: TaskName, url: string, file: string, key: number[]): Promise<TaskResult> {
  return new Promise((resolve, reject) => {
    const child = fork(new URL('./import-task.js', import.meta.url), [task, url, file, ...key.map(String)]);
    child.once('message', (result) => resolve(result as TaskResult));
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the ${task} ended with ${code}`)));
  });
}

async function emptyContacts(dataSource: DataSource): Promise<void> {
  await dataSource.query('truncate contact');
  await dataSource.query('checkpoint');
}

async function checkLoaded(dataSource: DataSource, key: number[]): Promise<void> {
  const [list] = (await dataSource.query(
    `select rows, contacts, duplicates, refused,
            (select count(*)::int from contact where account_id = $1 and campaign_id = $2) as loaded
       from list where account_id = $1 and campaign_id = $2`,
    key,
  )) as { rows: number; loaded: number }[];
  if (list?.rows !== ROWS || list.loaded !== ROWS) throw new Error(`the upload left ${JSON.stringify(list)}`);
}

/** The finished rows as COPY text: what the plain COPY is given. */
async function saveRows(url: string, file: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await pipeline(client.query(copyTo('copy contact to stdout')), createWriteStream(file));
  await client.end();
}
