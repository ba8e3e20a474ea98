import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { LengthsModule } from '../lengths/lengths.module.ts';
import { CampaignsController } from './campaigns.controller.ts';
import { CampaignsService } from './campaigns.service.ts';
import { ControlsService } from './controls.service.ts';
import { PreviewService } from './preview.service.ts';
import { RowPreviewService } from './row-preview.service.ts';
import { ScheduledStarts } from './scheduled-starts.ts';

/** Settings, states, controls. */
@Module({
  imports: [ChannelsModule, DispatchModule, LengthsModule],
  controllers: [CampaignsController],
  providers: [CampaignsService, ControlsService, PreviewService, RowPreviewService, ScheduledStarts],
  exports: [CampaignsService],
})
export class CampaignsModule {}
