import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { ReportPage, ReportRowDetails, ReportRowsQuery, RunReport } from '../../../contract/report.ts';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { planForManyRows, rowsOf } from '../database/rows.ts';
import { RunContents } from '../dispatch/run-contents.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { reportRow, reportRows, rowOf, type RunKey } from './report-rows.ts';
import { runReport } from './run-report.ts';

/** The report as the widget shows it; as a file it is `report.service.ts`. */
@Injectable()
export class ReportViewService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly contents: RunContents,
  ) {}

  /** @throws ProblemError campaign_not_found, run_not_found */
  async run(caller: Caller, id: number, run: number): Promise<RunReport> {
    await readCampaign(this.dataSource.manager, caller.accountId, id);
    return runReport(this.dataSource.manager, caller.accountId, id, run);
  }

  async rows(caller: Caller, id: number, run: number, query: ReportRowsQuery): Promise<ReportPage> {
    const key = await this.keyOf(caller, id, run);
    const { manager } = this.dataSource;
    if (query.search === undefined) return reportRows(manager, key, query);
    // Every contact is looked at: as a join of sets, not by a look-up for each message.
    return this.dataSource.transaction(async (inside) => {
      await planForManyRows(inside);
      return reportRows(inside, key, query);
    });
  }

  /** @throws ProblemError campaign_not_found, run_not_found, row_not_found */
  async row(caller: Caller, id: number, run: number, list: number, rowNo: number): Promise<ReportRowDetails> {
    const key = await this.keyOf(caller, id, run);
    const found = await reportRow(this.dataSource.manager, key, list, rowNo);
    if (!found) throw new ProblemError('row_not_found');
    const { slot, fileName, columns, cells, providerId, ...shown } = found;
    const { position } = shown;
    return {
      ...rowOf(shown),
      slot,
      fileName,
      cells: columns.map((column, at) => ({ column, value: cells[at] ?? '' })),
      text: position === null ? null : await this.textOf(key, list, cells),
      providerId,
      replies: position === null ? [] : await this.repliesTo(key, position),
    };
  }

  private async textOf(key: RunKey, listId: number, cells: string[]): Promise<string> {
    const run = await this.contents.load(key, [{ listId }]);
    return run.compose({ listId, cells }).text;
  }

  private async repliesTo({ accountId, campaignId, run }: RunKey, position: number) {
    const replies = await rowsOf<{ at: Date; text: string; chat: string | null }>(
      this.dataSource.manager,
      `select occurred_at as at, text, chat_id as chat from reply
        where account_id = $1 and campaign_id = $2 and run = $3 and position = $4
        order by occurred_at limit 20`,
      [accountId, campaignId, run, position],
    );
    return replies.map((reply) => ({ ...reply, at: reply.at.toISOString() }));
  }

  private async keyOf(caller: Caller, campaignId: number, run: number): Promise<RunKey> {
    const { manager } = this.dataSource;
    await readCampaign(manager, caller.accountId, campaignId);
    const found = await rowsOf(
      manager,
      'select 1 from run where account_id = $1 and campaign_id = $2 and run = $3',
      [caller.accountId, campaignId, run],
    );
    if (found.length === 0) throw new ProblemError('run_not_found');
    return { accountId: caller.accountId, campaignId, run };
  }
}
