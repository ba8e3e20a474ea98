import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import type { ListSlot } from '../../../contract/list.ts';
import type { Language } from '../../../contract/problems.ts';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { csvLine, guardedSql } from '../reports/csv.ts';
import { csvRows, Downloads, partName } from '../reports/download.ts';
import { loadedLists } from './list-rows.ts';

const NUMBER: Record<Language, string> = { en: 'Number', ru: 'Номер' };

/** A file's rows whose number stands before them already, in the user's own columns, to be looked at. */
@Injectable()
export class ListDownloads {
  constructor(
    private readonly dataSource: DataSource,
    private readonly downloads: Downloads,
  ) {}

  /** @throws ProblemError campaign_not_found, list_not_found, busy */
  async duplicates(
    caller: Caller,
    id: number,
    slot: ListSlot,
    language: Language,
    response: Response,
  ): Promise<void> {
    await readCampaign(this.dataSource.manager, caller.accountId, id);
    const lists = await loadedLists(this.dataSource.manager, caller.accountId, id);
    const list = lists.find((each) => each.slot === slot);
    if (!list) throw new ProblemError('list_not_found');
    const cells = list.columns.map((_, at) => guardedSql(`cells[${at + 1}]`));
    const main = lists.find((each) => each.slot === 'main' && each.id !== list.id);
    const ofOther = main
      ? ` or phone in (select phone from contact o where o.account_id = ${caller.accountId}
            and o.campaign_id = ${id} and o.list_id = ${main.id} and o.phone is not null)`
      : '';
    const sql = `select ${[...cells, guardedSql('phone')].join(', ')} from contact
                  where account_id = ${caller.accountId} and campaign_id = ${id} and list_id = ${list.id}
                    and (repeated${ofOther}) order by row_no`;
    await this.downloads.send(
      {
        fileName: partName(list.file_name, 'duplicates', language),
        sql: sql.replace(/\s+/g, ' '),
        csv: true,
        write: csvRows(`\uFEFF${csvLine([...list.columns, NUMBER[language]])}`),
      },
      response,
    );
  }
}
