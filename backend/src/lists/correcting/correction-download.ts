import { Injectable } from '@nestjs/common';
import type { Response } from 'express';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { REFUSALS, type Encoding, type ListSlot } from '../../../../contract/list.ts';
import type { Language } from '../../../../contract/problems.ts';
import { readCampaign } from '../../campaigns/campaign-state.ts';
import { ProblemError } from '../../errors.ts';
import type { Caller } from '../../host/caller.ts';
import { CopyRows, inSlices } from '../../lengths/copy-rows.ts';
import { Downloads, partName } from '../../reports/download.ts';
import { loadedLists, type ListRow } from '../list-rows.ts';
import { correctionLine, reasonColumn, reasonText, rowColumn } from './correction-file.ts';
import { canEncode, encodeText, isOneByte, markOf, missingFrom, plainer } from './encode-text.ts';

/** A list's refused rows, as a file to put right and upload again. */
@Injectable()
export class CorrectionDownload {
  constructor(
    private readonly dataSource: DataSource,
    private readonly downloads: Downloads,
  ) {}

  /** @throws ProblemError campaign_not_found, list_not_found, busy */
  async send(
    caller: Caller,
    id: number,
    slot: ListSlot,
    language: Language,
    response: Response,
  ): Promise<void> {
    const { manager } = this.dataSource;
    await readCampaign(manager, caller.accountId, id);
    const list = (await loadedLists(manager, caller.accountId, id)).find((each) => each.slot === slot);
    if (!list) throw new ProblemError('list_not_found');
    const key = { accountId: caller.accountId, campaignId: id, listId: list.id };
    const cells = list.columns.map((_, at) => `cells[${at + 1}]`);
    // Said with every row, and so before the first is written, of the very rows that are.
    const sql = `select ${isForeign(list)}, row_no, refusal, ${cells.join(', ')} from contact
       where account_id = ${caller.accountId} and campaign_id = ${id} and list_id = ${list.id} and phone is null
       order by row_no`.replace(/\n\s+/g, ' ');
    const file = { list, rowColumn: rowColumn(key), language };
    const write = (copy: AsyncIterable<Buffer>) =>
      correctionFile(copy, file, (encoding) => response.set('Content-Type', `text/csv; charset=${encoding}`));
    const fileName = partName(list.file_name, 'refused', language);
    await this.downloads.send({ fileName, sql, write }, response);
  }
}

/** Whether any of the rows has a character that the list's encoding lacks: corrected in another one. */
function isForeign({ encoding }: ListRow): string {
  if (!isOneByte(encoding)) return 'false';
  const missing = pg.escapeLiteral(missingFrom(encoding)).trim();
  return `bool_or(array_to_string(cells, '') ~ ${missing}) over ()`;
}

interface CorrectionFile {
  list: ListRow;
  rowColumn: string;
  language: Language;
}

async function* correctionFile(
  copy: AsyncIterable<Buffer>,
  { list, rowColumn, language }: CorrectionFile,
  onEncoding: (encoding: Encoding) => void,
): AsyncGenerator<Buffer> {
  const names = [...list.columns, reasonColumn(list.columns, language), rowColumn];
  const reasons = new Map<string, string>(
    REFUSALS.map((refusal) => [refusal, plainer(reasonText(refusal, language), list.encoding)]),
  );
  const canWriteWords = canEncode([...names, ...reasons.values()].join(''), list.encoding);
  let encoding: Encoding | null = null;
  const begun = (isForeign: boolean): Buffer => {
    encoding = isForeign || !canWriteWords ? 'utf-8' : list.encoding;
    onEncoding(encoding);
    return Buffer.concat([markOf(encoding), encodeText(correctionLine(names, list.separator), encoding)]);
  };
  const rows = new CopyRows();
  for await (const chunk of inSlices(copy)) {
    const parts: Buffer[] = [];
    rows.push(chunk, ([isForeign, row, refusal, ...cells]) => {
      if (!encoding) parts.push(begun(isForeign === 't'));
      const line = correctionLine([...cells, reasons.get(refusal!) ?? '', row!], list.separator);
      parts.push(encodeText(line, encoding!));
    });
    if (parts.length > 0) yield Buffer.concat(parts);
  }
  if (!encoding) yield begun(false);
}
