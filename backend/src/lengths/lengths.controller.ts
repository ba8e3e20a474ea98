import { Body, Controller, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LengthsRequestSchema, type LengthsRequest } from '../../../contract/campaign.ts';
import { LIST_SLOTS } from '../../../contract/list.ts';
import { campaignId } from '../campaigns/campaign-id.ts';
import { languageOf } from '../error.filter.ts';
import { ProblemError } from '../errors.ts';
import { CurrentCaller, type Caller } from '../host/caller.ts';
import { LengthsService } from './lengths.service.ts';
import { UnsendableDownload } from './unsendable-download.ts';

@Controller('api/campaigns/:id')
export class LengthsController {
  constructor(
    private readonly lengths: LengthsService,
    private readonly downloads: UnsendableDownload,
  ) {}

  /** A question, not a change: a POST because a text is too long for an address. */
  @Post('lengths')
  @HttpCode(200)
  measure(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: LengthsRequestSchema }) body: LengthsRequest,
  ) {
    return this.lengths.measure(caller, campaignId(id), body);
  }

  @Get('lists/:slot/unsendable')
  async unsendable(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('slot') slotName: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const slot = LIST_SLOTS.find((each) => each === slotName);
    if (!slot) throw new ProblemError('slot_unknown');
    await this.downloads.send(caller, campaignId(id), slot, languageOf(request), response);
  }
}
