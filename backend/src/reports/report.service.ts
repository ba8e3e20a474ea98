import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { ACCOUNT_PARTS, type RowAccount } from '../../../contract/message-states.ts';
import type { Language } from '../../../contract/problems.ts';
import { readCampaign, type CampaignRow } from '../campaigns/campaign-state.ts';
import { rowsOf } from '../database/rows.ts';
import type { Caller } from '../host/caller.ts';
import { csvLine, guardedSql } from './csv.ts';
import { csvRows, Downloads } from './download.ts';
import { COLUMNS, reasonTexts, SLOTS, STATES } from './report-text.ts';
import { SENT_AT } from './sent-at.ts';
import { runAccount } from './row-account.ts';

const CORRECTED_LATER: Record<Language, string> = {
  en: 'The row was corrected later.',
  ru: 'Строку исправили позже.',
};

/** The report: a header block, then one line for every row of the files in every run. */
@Injectable()
export class ReportService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly downloads: Downloads,
  ) {}

  async download(caller: Caller, id: number, language: Language, response: Response): Promise<void> {
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    const head = await this.head(row, caller.account.timeZone, language);
    const date = new Date().toISOString().slice(0, 10);
    const fileName = `${row.name.replace(/[\\/:*?"<>|]/g, '_')} ${date}.csv`;
    const { timeZone } = caller.account;
    const sql = reportSql(row.account_id, row.id, language, row.run > 0);
    await this.downloads.send({ fileName, sql, csv: true, timeZone, write: csvRows(head) }, response);
  }

  /** Names the campaign and gives the account of each run, so that the file can be checked against itself. */
  private async head(row: CampaignRow, timeZone: string, language: Language): Promise<string> {
    const ru = language === 'ru';
    const lines = [
      [ru ? 'Рассылка' : 'Campaign', row.name],
      [ru ? 'Часовой пояс' : 'Time zone', timeZone],
    ];
    if (row.run > 0) {
      const runs = Array.from({ length: row.run }, (_, i) => i + 1);
      const accounts: RowAccount[] = [];
      for (const run of runs) {
        const { account } = await runAccount(this.dataSource.manager, row.account_id, row.id, run);
        accounts.push(account);
      }
      const words: Record<string, string> = { ...STATES[language], duplicates: STATES[language].duplicate };
      const line = (word: string, part: keyof RowAccount) => [word, ...accounts.map((a) => String(a[part]))];
      lines.push([ru ? 'Запуск' : 'Run', ...runs.map(String)], line(ru ? 'Строк' : 'Rows', 'rows'));
      for (const part of ACCOUNT_PARTS) lines.push(line(words[part] ?? part, part));
    }
    return `\uFEFF${lines.map(csvLine).join('')}\r\n${csvLine(COLUMNS[language])}`;
  }

  /** The runs of a campaign, the latest first. */
  async runs(caller: Caller, id: number) {
    await readCampaign(this.dataSource.manager, caller.accountId, id);
    return rowsOf(
      this.dataSource.manager,
      `select run, scope, started_at as "startedAt", finished_at as "finishedAt", started_by as "startedBy"
         from run where account_id = $1 and campaign_id = $2 order by run desc`,
      [caller.accountId, id],
    );
  }
}

/**
 * COPY takes no parameters, so the values stand in the text: two integers and literals quoted by `pg`.
 * Times are given without a zone: they are those of the session's.
 * Every run's messages with their contacts; the refused rows of its files; and the rows of files that no run has used
 * yet: before the first Start, and loaded into a finished campaign.
 */
function reportSql(accountId: number, campaignId: number, language: Language, started: boolean): string {
  const key = (alias: string) =>
    `${alias}.account_id = ${accountId} and ${alias}.campaign_id = ${campaignId}`;
  const words = (record: Record<string, string>, of: string) => {
    const cases = Object.entries(record).map(
      ([code, word]) => `when ${pg.escapeLiteral(code)} then ${pg.escapeLiteral(word)}`,
    );
    return `case ${of} ${cases.join(' ')} else ${of} end`;
  };
  // A cast that rounds to the second and leaves the writing to COPY, at a tenth of what to_char costs.
  const time = (column: string) => `${column}::timestamp(0)`;
  const others = `array_to_string(cells[:phone_column] || cells[phone_column + 2:], ' | ')`;
  const cells = [
    // The apostrophe keeps it text in a spreadsheet.
    `'''' || phone`,
    guardedSql('cells[phone_column + 1]'),
    'row_no',
    'file_name',
    words(SLOTS[language], 'slot'),
    'run',
    words(STATES[language], 'state'),
    `case when reason is not null or detail is not null
          then ${guardedSql(`concat_ws(' ', ${words(reasonTexts(language), 'reason')}, detail)`)} end`,
    'segments',
    time('sent_at'),
    time('delivered_at'),
    time('read_at'),
    time('replied_at'),
    guardedSql('provider_id'),
    `case when cardinality(cells) > 1 then ${guardedSql(others)} end`,
  ].join(', ');
  const messages = `
    select m.run, m.list_id, m.row_no, c.phone, c.cells, m.reason, m.detail, m.segments, ${SENT_AT} as sent_at,
           m.delivered_at, m.read_at, m.replied_at, m.provider_id,
           case when m.state = 'queued' and g.low is not null then 'sending' else m.state::text end as state
      from message m
      join contact c on ${key('c')} and c.list_id = m.list_id and c.row_no = m.row_no
      left join dispatch_grant g on ${key('g')} and g.run = m.run and g.owner is not null
       and m.position > g.low and m.position <= g.high
     where ${key('m')}`;
  const waiting = (run: string, state: string) => `
    select ${run}, c.list_id, c.row_no, c.phone, c.cells, c.refusal, null, null::smallint, null::timestamptz,
           null::timestamptz, null::timestamptz, null::timestamptz, null, ${state}
      from contact c`;
  const refused = `${waiting('rl.run', `'refused'`)}
      join run_list rl on ${key('rl')} and rl.list_id = c.list_id
     where ${key('c')} and c.phone is null`;
  // Rows that were refused in these runs and have been put right since, as they stood then. Erased ones have no cells.
  const corrected = `
    select rl.run, k.list_id, k.row_no, null::text, k.cells, k.refusal, ${pg.escapeLiteral(CORRECTED_LATER[language])},
           null::smallint, null::timestamptz, null::timestamptz, null::timestamptz, null::timestamptz, null, 'refused'
      from correction k
      join run_list rl on ${key('rl')} and rl.list_id = k.list_id and rl.run < k.run
     where ${key('k')} and k.cells <> '{}'`;
  const unstarted = `${waiting('null::integer', `case when c.phone is null then 'refused' else 'not_started' end`)}
     where ${key('c')} and c.list_id not in (select list_id from run_list where ${key('run_list')})`;
  return `
    select ${cells}
      from (select line.*, ${guardedSql('l.file_name')} as file_name, l.slot, l.phone_column
              from (${started ? `${messages} union all ${refused} union all ${corrected} union all` : ''} ${unstarted})
                as line (run, list_id, row_no, phone, cells, reason, detail, segments, sent_at, delivered_at, read_at,
                         replied_at, provider_id, state)
              join list l on ${key('l')} and l.id = line.list_id) report
     order by run nulls last, slot desc, list_id, row_no`.replace(/\s+/g, ' ');
}
