import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { campaignId } from '../campaigns/campaign-id.ts';
import { languageOf } from '../error.filter.ts';
import { CurrentCaller, type Caller } from '../host/caller.ts';
import { ReportService } from './report.service.ts';

@Controller('api/campaigns/:id')
export class ReportsController {
  constructor(private readonly reports: ReportService) {}

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
}
