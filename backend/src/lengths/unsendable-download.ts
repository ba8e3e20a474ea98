import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import type { ListSlot } from '../../../contract/list.ts';
import type { Language } from '../../../contract/problems.ts';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import type { ListRow } from '../lists/list-rows.ts';
import { csvLine } from '../reports/csv.ts';
import { Downloads, partName } from '../reports/download.ts';
import { reasonTexts } from '../reports/report-text.ts';
import { CopyRows, inSlices } from './copy-rows.ts';
import { LengthsService } from './lengths.service.ts';
import { placesIn, type MessagePlan } from './message-plan.ts';
import { sendableRows } from './sendable-rows.ts';
import { Tally } from './tally.ts';

const REASON: Record<Language, string> = { en: 'Why it is not sent', ru: 'Почему не отправится' };

/** A file's rows that will not be sent because of their message, in the user's own columns, with the reason. */
@Injectable()
export class UnsendableDownload {
  constructor(
    private readonly dataSource: DataSource,
    private readonly lengths: LengthsService,
    private readonly downloads: Downloads,
  ) {}

  /** By the message as it is saved. @throws ProblemError campaign_not_found, list_not_found, host_unavailable */
  async send(
    caller: Caller,
    id: number,
    slot: ListSlot,
    language: Language,
    response: Response,
  ): Promise<void> {
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    const key = await this.lengths.rowsOf(row, row.remove_duplicates);
    const list = key.lists.find((each) => each.slot === slot);
    if (!list) throw new ProblemError('list_not_found');
    const plan = await this.lengths.savedPlan(row);
    const cells = list.columns.map((_, at) => `c.cells[${at + 1}]`);
    const sql = `select ${['c.row_no', ...cells].join(', ')} from ${sendableRows(key, list)} order by c.row_no`;
    const fileName = partName(list.file_name, 'unsendable', language);
    const write = (copy: AsyncIterable<Buffer>) => unsendableLines(copy, plan, list, language);
    await this.downloads.send({ fileName, sql, write }, response);
  }
}

async function* unsendableLines(
  copy: AsyncIterable<Buffer>,
  plan: MessagePlan,
  list: ListRow,
  language: Language,
): AsyncGenerator<Buffer> {
  yield Buffer.from(`\uFEFF${csvLine([...list.columns, REASON[language]])}`);
  const reasons = reasonTexts(language);
  const places = placesIn(list.columns, plan);
  const tally = new Tally(plan);
  const rows = new CopyRows();
  for await (const chunk of inSlices(copy)) {
    let text = '';
    rows.push(chunk, ([row, ...cells]) => {
      const values = places.map((place) => (place === null ? '' : cells[place]!));
      const problem = tally.add(list.slot, Number(row), values);
      if (problem) text += csvLine([...cells, reasons[problem]!]);
    });
    if (text !== '') yield Buffer.from(text);
  }
}
