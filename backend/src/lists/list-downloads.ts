import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import pg from 'pg';
import { DataSource } from 'typeorm';
import type { ListSlot } from '../../../contract/list.ts';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { csvLine, csvLineSql } from '../reports/csv.ts';
import { Downloads, finishedLines } from '../reports/download.ts';
import { reasonTexts } from '../reports/report-text.ts';
import { loadedLists } from './list-rows.ts';

/** A file's rows that were not taken, in the user's own columns, to be looked at or put right. */
@Injectable()
export class ListDownloads {
  constructor(
    private readonly dataSource: DataSource,
    private readonly downloads: Downloads,
  ) {}

  async rows(
    caller: Caller,
    id: number,
    slot: ListSlot,
    which: 'duplicates' | 'refused',
    response: Response,
  ): Promise<void> {
    await readCampaign(this.dataSource.manager, caller.accountId, id);
    const lists = await loadedLists(this.dataSource.manager, caller.accountId, id);
    const list = lists.find((each) => each.slot === slot);
    if (!list) throw new ProblemError('list_not_found');
    const columns = list.columns.map((_, at) => ({ written: `cells[${at + 1}]` }));
    const reasons = pg.escapeLiteral(JSON.stringify(reasonTexts('ru')));
    const main = lists.find((each) => each.slot === 'main' && each.id !== list.id);
    const ofOther = main
      ? ` or phone in (select phone from contact o where o.account_id = ${caller.accountId}
            and o.campaign_id = ${id} and o.list_id = ${main.id} and o.phone is not null)`
      : '';
    const where = which === 'refused' ? 'phone is null' : `repeated${ofOther}`;
    const last = which === 'refused' ? `${reasons}::jsonb ->> refusal` : 'phone';
    const sql = `select ${csvLineSql([...columns, { written: last }])} from contact
                  where account_id = ${caller.accountId} and campaign_id = ${id} and list_id = ${list.id}
                    and (${where}) order by row_no`;
    const extra = which === 'refused' ? 'Что исправить' : 'Номер';
    await this.downloads.send(
      {
        fileName: `${list.file_name.replace(/\.[^.]*$/, '')} ${which}.csv`,
        sql: sql.replace(/\s+/g, ' '),
        write: finishedLines(`\uFEFF${csvLine([...list.columns, extra])}`),
      },
      response,
    );
  }
}
