import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ReportRowsQuerySchema, type ReportRowsQuery } from '../../../contract/report.ts';
import { campaignId } from '../campaigns/campaign-id.ts';
import { languageOf } from '../error.filter.ts';
import { ProblemError } from '../errors.ts';
import { CurrentCaller, type Caller } from '../host/caller.ts';
import { ReportService } from './report.service.ts';
import { ReportViewService } from './report-view.service.ts';

@Controller('api/campaigns/:id')
export class ReportsController {
  constructor(
    private readonly reports: ReportService,
    private readonly views: ReportViewService,
  ) {}

  @Get('report')
  async report(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    await this.reports.download(caller, campaignId(id), languageOf(request), response);
  }

  @Get('runs')
  async runs(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return { data: await this.reports.runs(caller, campaignId(id)) };
  }

  @Get('runs/:run')
  run(@CurrentCaller() caller: Caller, @Param('id') id: string, @Param('run') run: string) {
    return this.views.run(caller, campaignId(id), runNumber(run));
  }

  /** A number that is searched for stands in the body: addresses end in the logs of whatever lies between. */
  @Post('runs/:run/rows')
  @HttpCode(200)
  rows(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('run') run: string,
    @Body({ schema: ReportRowsQuerySchema }) query: ReportRowsQuery,
  ) {
    return this.views.rows(caller, campaignId(id), runNumber(run), query);
  }

  @Get('runs/:run/rows/:list/:row')
  row(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('run') run: string,
    @Param('list') list: string,
    @Param('row') row: string,
  ) {
    const [listId, rowNo] = [list, row].map((text) => wholeNumber(text) ?? 0) as [number, number];
    return this.views.row(caller, campaignId(id), runNumber(run), listId, rowNo);
  }
}

function runNumber(text: string): number {
  const run = wholeNumber(text);
  if (run === null) throw new ProblemError('run_not_found');
  return run;
}

/** What is none names nothing. */
function wholeNumber(text: string): number | null {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}
