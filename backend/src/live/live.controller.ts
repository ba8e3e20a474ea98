import { Controller, Get, Param, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { CAMPAIGN_EVENT, type Pace } from '../../../contract/live.ts';
import { campaignId } from '../campaigns/campaign-id.ts';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { CurrentCaller, type Caller } from '../host/caller.ts';
import { LiveCampaigns } from './live-campaigns.ts';
import { OpenStreams } from './open-streams.ts';
import { PaceService } from './pace.service.ts';

@Controller('api/campaigns/:id')
export class LiveController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly streams: OpenStreams,
    private readonly campaigns: LiveCampaigns,
    private readonly paces: PaceService,
  ) {}

  @Get('events')
  async events(
    @CurrentCaller() caller: Caller,
    @Param('id') id: string,
    @Res() response: Response,
  ): Promise<void> {
    const key = { accountId: caller.accountId, campaignId: campaignId(id) };
    await readCampaign(this.dataSource.manager, key.accountId, key.campaignId);
    let stopListening = (): void => undefined;
    const stream = this.streams.begin(caller, response, () => stopListening());
    stopListening = this.campaigns.listen(key, {
      role: caller.role,
      installationId: caller.installationId,
      take: (campaign) => stream.send(CAMPAIGN_EVENT, campaign),
      end: () => stream.end(),
    });
  }

  @Get('pace')
  pace(@CurrentCaller() caller: Caller, @Param('id') id: string): Promise<Pace> {
    return this.paces.of(caller.accountId, campaignId(id));
  }
}
