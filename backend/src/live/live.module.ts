import { Module } from '@nestjs/common';
import { LiveCampaigns } from './live-campaigns.ts';
import { LiveController } from './live.controller.ts';
import { OpenStreams } from './open-streams.ts';
import { PaceService } from './pace.service.ts';

/** A campaign as it happens. */
@Module({
  controllers: [LiveController],
  providers: [LiveCampaigns, OpenStreams, PaceService],
})
export class LiveModule {}
