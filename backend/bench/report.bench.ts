import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { bigFile } from '../test/big-file.ts';
import { aCampaign } from '../test/factories.ts';
import { behindWall } from '../src/database/account-wall.ts';
import { RunContents } from '../src/dispatch/run-contents.ts';
import type { Caller } from '../src/host/caller.ts';
import { ReportViewService } from '../src/reports/report-view.service.ts';
import { settleDown, withDatabase } from './bench-database.ts';
import type { Figures } from './figures.ts';
import { inProcess, type TaskResult } from './measured-task.ts';
import { median, ROUNDS } from './rounds.ts';

const ROWS = 600_000;

/** The report of a finished run of 600,000 rows, against COPY TO of a plain query for the same rows and columns. */
export async function reportBench(figures: Figures): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mass-messaging-bench-'));
  chmodSync(folder, 0o755);
  try {
    await withDatabase(async ({ url, dataSource }) => {
      const file = join(folder, 'phones.csv');
      writeFileSync(file, bigFile({ rows: ROWS, seed: 1, encoding: 'utf-8' }).bytes);
      const { accountId, campaignId } = await aCampaign(dataSource, { state: 'draft', phones: [] });
      const key = [accountId, campaignId];
      await inProcess('upload', url, file, key);
      await finishRun(dataSource, key);
      await measure(url, key, figures);
      await measureView(dataSource, key, figures);
      await spoilList(dataSource, key);
      await measureFlat(url, key, figures);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Everything sent, delivered and with the provider's id. */
async function finishRun(dataSource: DataSource, key: number[]): Promise<void> {
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
}

async function measure(url: string, key: number[], figures: Figures): Promise<void> {
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
  figures.atMost('copy-to', time / median(copies.map((each) => each.seconds)), 1.5, 'x');
  figures.atMost('longest-stall', median(reports.map((each) => each.stallMs)), 50, 'ms');
  figures.atMost('memory', Math.max(...reports.map((each) => each.growthMb)), 50, 'MB');
  figures.informational('rows', ROWS / time, '/s');
}

/** What the page of the report asks for, as its requests do. A reader waits for it. */
async function measureView(
  dataSource: DataSource,
  [accountId, campaignId]: number[],
  figures: Figures,
): Promise<void> {
  const views = new ReportViewService(dataSource, new RunContents(dataSource));
  const caller: Caller = {
    accountId: accountId!,
    installationId: 'bench',
    userId: 'bench',
    role: 'admin',
    account: { name: 'Bench', timeZone: 'Europe/Moscow' },
    expiresAt: Infinity,
  };
  const [last] = (await dataSource.query(
    `select c.phone from message m join contact c using (account_id, campaign_id, list_id, row_no)
      where m.account_id = $1 and m.campaign_id = $2 order by m.position desc limit 1`,
    [accountId, campaignId],
  )) as { phone: string }[];
  const asked: Record<string, () => Promise<unknown>> = {
    'run-in-numbers': () => views.run(caller, campaignId!, 1),
    'first-page': () => views.rows(caller, campaignId!, 1, {}),
    'page-in-the-middle': () => views.rows(caller, campaignId!, 1, { after: `m${ROWS / 2}` }),
    'state-nobody-is-in': () => views.rows(caller, campaignId!, 1, { state: 'failed' }),
    'search-for-a-number': () => views.rows(caller, campaignId!, 1, { search: last!.phone }),
    'search-for-digits': () => views.rows(caller, campaignId!, 1, { search: last!.phone.slice(-6) }),
  };
  for (const [name, ask] of Object.entries(asked)) {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const began = performance.now();
      await behindWall(accountId!, ask);
      times.push((performance.now() - began) / 1000);
    }
    figures.atMost(name, median(times), 1, 's');
  }
}

/** The list as if every row of it were refused, and as many again were repeated. */
async function spoilList(dataSource: DataSource, key: number[]): Promise<void> {
  await dataSource.query('truncate contact');
  await dataSource.query(
    `insert into contact (account_id, campaign_id, list_id, row_no, phone, refusal, repeated, cells)
     select l.account_id, l.campaign_id, l.id, n, case when n > $3 then '+79120000001' end,
            case when n <= $3 then 'length' end, n > $3, array['8 912 ' || n]
       from list l, generate_series(2, $3 * 2 + 1) n where l.account_id = $1 and l.campaign_id = $2`,
    [...key, ROWS],
  );
  await settleDown(dataSource, 'contact');
}

/** What is said of a list's rows can be as long as the list. */
async function measureFlat(url: string, key: number[], figures: Figures): Promise<void> {
  for (const task of ['duplicates', 'corrections'] as const) {
    const { seconds, bytes, stallMs, growthMb } = await inProcess(task, url, '', key);
    console.log(`${task}: ${seconds.toFixed(2)} s (${(bytes / 1e6).toFixed(0)} MB)`);
    figures.atMost(`${task}-longest-stall`, stallMs, 50, 'ms');
    figures.atMost(`${task}-memory`, growthMb, 50, 'MB');
  }
}
