import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { CONTROLS } from '../../../contract/campaign-states.ts';
import {
  CampaignChangeSchema,
  CampaignQuerySchema,
  NewCampaignSchema,
  RestartCountsQuerySchema,
  RestartSchema,
  type RestartGroup,
  TestMessageSchema,
  type CampaignChange,
  type CampaignQuery,
  type NewCampaign,
  type Restart,
  type TestMessage,
} from '../../../contract/campaign.ts';
import { RowPreviewRequestSchema, type RowPreviewRequest } from '../../../contract/row-preview.ts';
import { languageOf } from '../error.filter.ts';
import { ProblemError } from '../errors.ts';
import { CurrentCaller, Needs, type Caller } from '../host/caller.ts';
import { csvHeaders } from '../reports/download.ts';
import { campaignId } from './campaign-id.ts';
import { CampaignsService } from './campaigns.service.ts';
import { ControlsService } from './controls.service.ts';
import { PreviewService } from './preview.service.ts';
import { RowPreviewService } from './row-preview.service.ts';

@Controller('api/campaigns')
export class CampaignsController {
  constructor(
    private readonly campaigns: CampaignsService,
    private readonly controls: ControlsService,
    private readonly previews: PreviewService,
    private readonly rowPreviews: RowPreviewService,
  ) {}

  @Get()
  list(@CurrentCaller() caller: Caller, @Query({ schema: CampaignQuerySchema }) query: CampaignQuery) {
    return this.campaigns.list(caller, query);
  }

  @Post()
  @Needs('setUp')
  create(@CurrentCaller() caller: Caller, @Body({ schema: NewCampaignSchema }) body: NewCampaign) {
    return this.campaigns.create(caller, body.name);
  }

  @Get(':id')
  get(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return this.campaigns.get(caller, campaignId(id));
  }

  @Patch(':id')
  @Needs('setUp')
  change(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: CampaignChangeSchema }) change: CampaignChange,
  ) {
    return this.campaigns.change(caller, campaignId(id), change);
  }

  @Delete(':id')
  @Needs('setUp')
  @HttpCode(204)
  async remove(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<void> {
    await this.campaigns.remove(caller, campaignId(id));
  }

  @Get(':id/history')
  async history(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return { data: await this.campaigns.history(caller, campaignId(id)) };
  }

  @Get(':id/preview')
  preview(@CurrentCaller() caller: Caller, @Param('id') id: string) {
    return this.previews.preview(caller, campaignId(id));
  }

  /** A question, not a change: a POST, because a phone number has no place in an address. */
  @Post(':id/row-preview')
  @HttpCode(200)
  async rowPreview(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: RowPreviewRequestSchema }) body: RowPreviewRequest,
  ) {
    return { data: await this.rowPreviews.look(caller, campaignId(id), body) };
  }

  @Post(':id/test-message')
  @Needs('setUp')
  @HttpCode(200)
  testMessage(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Body({ schema: TestMessageSchema }) body: TestMessage,
  ) {
    return this.previews.sendTest(caller, campaignId(id), body);
  }

  @Get(':id/restart')
  restartCounts(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Query({ schema: RestartCountsQuerySchema }) { groups }: { groups: RestartGroup[] },
  ) {
    return this.controls.restartCounts(caller, campaignId(id), groups);
  }

  /** Which role may use which control is the controls' own table. */
  @Post(':id/controls/:control')
  @HttpCode(200)
  control(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Param('control') name: string,
    @Body({ schema: RestartSchema }) body: Restart,
  ) {
    const control = CONTROLS.find((each) => each === name);
    if (!control) throw new ProblemError('not_found');
    return this.controls.apply(caller, campaignId(id), control, body);
  }

  @Get(':id/template-file')
  async templateFile(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    const file = await this.previews.templateFile(caller, campaignId(id), languageOf(request));
    csvHeaders(response, file.name);
    response.send(file.text);
  }
}
