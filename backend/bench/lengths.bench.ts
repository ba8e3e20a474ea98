import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import type { Response } from 'express';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { DataSource } from 'typeorm';
import type { ChannelsService } from '../src/channels/channels.service.ts';
import { cellFinder } from '../../contract/cells.ts';
import { compose, type RunContent } from '../src/dispatch/compose.ts';
import type { Caller } from '../src/host/caller.ts';
import { LengthsService } from '../src/lengths/lengths.service.ts';
import { LongWork } from '../src/database/long-work.ts';
import { Downloads } from '../src/reports/download.ts';
import { UnsendableDownload } from '../src/lengths/unsendable-download.ts';
import { aCampaign, type TestCampaign } from '../test/factories.ts';
import { settleDown, withDatabase } from './bench-database.ts';
import type { Figures } from './figures.ts';
import { median, seconds } from './rounds.ts';
import { watched } from './watched.ts';

const MAIN_ROWS = 500_000;
const ADDITIONAL_ROWS = 100_000;
/** Numbers of the additional list that stand in the main one too. */
const SHARED = 20_000;
const STOPPED = 5_000;

const TEXTS = [
  'Здравствуйте, {{Имя}}! До воскресенья скидка {{Скидка|5 %}} на все букеты. Ваша «Ромашка»',
  'Hello {{Имя|friend}}, {{Скидка}} off all bouquets until Sunday! Your Vasilek',
  '🌷 {{Имя}}, весна! ' + 'Мы собрали для вас лучшие букеты со скидкой {{Скидка}}. '.repeat(4),
  'Здравствуйте! До воскресенья скидка на все букеты.',
];

/** From an edit of the text to its figures on every row, beside the same rows merely copied out, and beside `compose`. */
export async function lengthsBench(figures: Figures): Promise<void> {
  await withDatabase(async ({ url, dataSource }) => {
    const campaign = await fill(dataSource);
    const service = new LengthsService(dataSource, {} as ChannelsService);
    const caller: Caller = {
      accountId: campaign.accountId,
      installationId: 'bench',
      expiresAt: Infinity,
      userId: 'bench',
      role: 'admin',
      account: { name: 'Bench', timeZone: 'Europe/Moscow' },
    };
    const ask = (text: string, wait: boolean) => service.measure(caller, campaign.campaignId, { text, wait });
    const exact = async (text: string) => {
      const lengths = await ask(text, true);
      if (!lengths.exact || lengths.rows !== MAIN_ROWS + ADDITIONAL_ROWS - SHARED - STOPPED)
        throw new Error(`counted ${JSON.stringify(lengths)}`);
    };
    const first = await watched(() => exact(`${TEXTS[0]}.`));
    const counted: number[] = [];
    const estimates: number[] = [];
    const all = await watched(async () => {
      for (let round = 1; round <= 3; round++) {
        for (const text of TEXTS) {
          const edited = `${text}${'!'.repeat(round)}`;
          const estimate = await seconds(() => ask(edited, false));
          const time = await seconds(() => exact(edited));
          estimates.push(estimate);
          counted.push(estimate + time);
          console.log(
            `${text.slice(0, 24)}…: estimate ${estimate.toFixed(2)} s, exact ${(estimate + time).toFixed(2)} s`,
          );
        }
      }
    });
    const typed = await watched(() => typing(ask, exact));
    const saved = await watched(() => download(dataSource, service, caller, campaign));
    await service.onModuleDestroy();
    const copied = await median3(() => copyOut(url, campaign));
    console.log(`COPY TO of the same cells: ${copied.toFixed(2)} s`);
    figures.informational('first', first.seconds, 's');
    figures.atMost('estimate', Math.max(...estimates), 0.5, 's');
    figures.informational('exact', median(counted), 's');
    figures.informational('exact-slowest', Math.max(...counted), 's');
    figures.atMost('exact-copy-to', median(counted) / copied, 5, 'x');
    figures.informational('after-typing', typed.value, 's');
    figures.atMost('longest-stall', Math.max(first.stallMs, all.stallMs, typed.stallMs), 50, 'ms');
    figures.atMost('memory', Math.max(first.growthMb, all.growthMb, typed.growthMb), 120, 'MB');
    figures.atMost('download-longest-stall', saved.stallMs, 50, 'ms');
    figures.atMost('download-memory', saved.growthMb, 120, 'MB');
    figures.informational('download', saved.seconds, 's');
    figures.informational('compose-600000', composeAll(), 's');
  });
}

/** Fifteen edits, a fifth of a second apart. @returns seconds from the last of them to its exact figures */
async function typing(
  ask: (text: string, wait: boolean) => Promise<unknown>,
  exact: (text: string) => Promise<void>,
): Promise<number> {
  const before: Promise<unknown>[] = [];
  for (let edit = 1; edit < 15; edit++) {
    before.push(ask(`${TEXTS[0]}${'?'.repeat(edit)}`, true));
    await new Promise((resume) => setTimeout(resume, 200));
  }
  const time = await seconds(() => exact(`${TEXTS[0]} конец`));
  await Promise.all(before);
  return time;
}

/** Of a text that leaves room for a few letters only: most rows are too long. */
async function download(
  dataSource: DataSource,
  service: LengthsService,
  caller: Caller,
  { accountId, campaignId }: TestCampaign,
): Promise<void> {
  await dataSource.query(
    'update campaign_settings set text = $3 where account_id = $1 and campaign_id = $2',
    [accountId, campaignId, `${'ж'.repeat(331)}{{Имя}}`],
  );
  let bytes = 0;
  const response = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      setImmediate(done);
    },
  });
  Object.assign(response, { set: () => response });
  const longWork = new LongWork(dataSource, 4);
  const unsendable = new UnsendableDownload(
    dataSource,
    service,
    new Downloads(longWork, { downloadStallMs: 30_000 }),
  );
  await unsendable.send(caller, campaignId, 'main', 'ru', response as unknown as Response);
  console.log(`download: ${(bytes / 1e6).toFixed(0)} MB`);
}

async function fill(dataSource: DataSource): Promise<TestCampaign> {
  const campaign = await aCampaign(dataSource, { state: 'draft', phones: [] });
  const key = [campaign.accountId, campaign.campaignId];
  await dataSource.query(
    `update list set columns = '{Телефон,Имя,Скидка}', rows = $3, contacts = $3
      where account_id = $1 and campaign_id = $2`,
    [...key, MAIN_ROWS],
  );
  await dataSource.query(
    `insert into list (account_id, campaign_id, id, slot, method, file_name, bytes, encoding, separator, columns, phone_column,
                       rows, contacts, duplicates, duplicates_of_other, refused, refused_by, refused_rows, uploaded_by)
     values ($1, $2, 2, 'additional', 'sms', 'more.csv', 1, 'utf-8', ';', '{Телефон,Имя,Скидка}', 0, $3, $3, 0, $4, 0, '{}', '[]', 'bench')`,
    [...key, ADDITIONAL_ROWS, SHARED],
  );
  for (const [list, rows, from] of [
    [1, MAIN_ROWS, 0],
    [2, ADDITIONAL_ROWS, MAIN_ROWS - SHARED],
  ]) {
    await dataSource.query(
      `insert into contact (account_id, campaign_id, list_id, row_no, phone, repeated, cells)
       select $1, $2, $3, i + 1, '+79' || lpad((i + $5)::text, 9, '0'), false,
              array['89' || lpad((i + $5)::text, 9, '0'),
                    case when i % 50 = 0 then '' when i % 9 = 0 then 'Alexander №' || i % 7
                         else (array['Анна','Иван','Мария Сергеевна','Пётр','Олеся'])[1 + i % 5] end,
                    case when i % 11 = 0 then '' else i % 60 || ' %' end]
         from generate_series(1, $4::int) i`,
      [...key, list, rows, from],
    );
  }
  await dataSource.query(
    `insert into stop_list (account_id, phone, reason, added_by)
     select $1, '+79' || lpad((i * 7)::text, 9, '0'), 'manual', 'bench' from generate_series(1, $2::int) i`,
    [campaign.accountId, STOPPED],
  );
  await settleDown(dataSource, 'contact', 'stop_list');
  return campaign;
}

/** The cells of the same rows, without any condition on them, into nothing. */
async function copyOut(url: string, { accountId, campaignId }: TestCampaign): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
  const sql = `select row_no, cells[2], cells[3] from contact where account_id = ${accountId} and campaign_id = ${campaignId}`;
  await pipeline(client.query(copyTo(`copy (${sql}) to stdout`)), sink);
  await client.end();
}

async function median3(work: () => Promise<void>): Promise<number> {
  return median([await seconds(work), await seconds(work), await seconds(work)]);
}

/** What composing 600,000 messages one by one would take, from 20,000 of them. */
function composeAll(): number {
  const content = { method: 'sms', text: TEXTS[0] } as RunContent;
  const finder = cellFinder(['Телефон', 'Имя', 'Скидка']);
  const began = performance.now();
  for (let i = 0; i < 20_000; i++) compose(content, finder(['8', `Имя ${i}`, '5 %']));
  return ((performance.now() - began) / 1000) * 30;
}
