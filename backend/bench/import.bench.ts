import { chmodSync, createWriteStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { DataSource } from 'typeorm';
import { bigFile } from '../test/big-file.ts';
import { aCampaign } from '../test/factories.ts';
import { withDatabase, type BenchDatabase } from './bench-database.ts';
import type { Figures } from './figures.ts';
import { inProcess, type TaskResult } from './measured-task.ts';
import { median, ROUNDS } from './rounds.ts';
import { USUAL_ROWS } from './usual-import.ts';

const ROWS = 600_000;

/** From a file's bytes to contacts, against what PostgreSQL can do at best and against what is usually done. */
export async function importBench(figures: Figures): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-bench-'));
  chmodSync(folder, 0o755);
  try {
    await withDatabase(async (database) => {
      const file = join(folder, 'phones.csv');
      const { bytes, expected } = bigFile({ rows: ROWS, seed: 1, encoding: 'utf-8' });
      writeFileSync(file, bytes);
      console.log(`${(bytes.length / 1e6).toFixed(2)} MB, ${expected.rows} rows`);
      const time = await measureUploads(database, file, join(folder, 'rows.copy'), figures);
      await measureUsualWay(database, file, time, figures);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the time of an upload, in seconds */
async function measureUploads(
  { url, dataSource }: BenchDatabase,
  file: string,
  rowsFile: string,
  figures: Figures,
): Promise<number> {
  const uploads: TaskResult[] = [];
  const copies: TaskResult[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const campaign = await aCampaign(dataSource, { state: 'draft', phones: [] });
    const key = [campaign.accountId, campaign.campaignId];
    await emptyContacts(dataSource);
    uploads.push(await inProcess('upload', url, file, key));
    await checkLoaded(dataSource, key);
    // The plain COPY always loads the first round's.
    if (round === 1) await saveRows(url, rowsFile);
    await emptyContacts(dataSource);
    copies.push(await inProcess('copy', url, rowsFile, key));
    const [ours, plain] = [uploads.at(-1)!, copies.at(-1)!];
    console.log(
      `round ${round}: upload ${ours.seconds.toFixed(2)} s (stall ${ours.stallMs.toFixed(0)} ms, +${ours.growthMb.toFixed(0)} MB), ` +
        `COPY ${plain.seconds.toFixed(2)} s (stall ${plain.stallMs.toFixed(0)} ms, +${plain.growthMb.toFixed(0)} MB)`,
    );
  }
  const time = median(uploads.map((each) => each.seconds));
  figures.atMost('copy', time / median(copies.map((each) => each.seconds)), 2, 'x');
  figures.atMost('longest-stall', median(uploads.map((each) => each.stallMs)), 50, 'ms');
  figures.atMost('memory', Math.max(...uploads.map((each) => each.growthMb)), 120, 'MB');
  figures.informational('rows', ROWS / time, '/s');
  return time;
}

/** A part of the rows, once. It keeps no file, counts nothing, and gives no reason for what it refuses. */
async function measureUsualWay(
  { url, dataSource }: BenchDatabase,
  file: string,
  ours: number,
  figures: Figures,
): Promise<void> {
  await emptyContacts(dataSource);
  const usual = await inProcess('usual-way', url, file, [1, 1]);
  console.log(
    `csv-parse, libphonenumber and save of ${USUAL_ROWS} rows: ${usual.seconds.toFixed(1)} s (stall ${usual.stallMs.toFixed(0)} ms, +${usual.growthMb.toFixed(0)} MB)`,
  );
  figures.informational('usual-way', usual.seconds / USUAL_ROWS / (ours / ROWS), 'x');
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
