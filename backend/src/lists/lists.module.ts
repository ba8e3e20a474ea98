import { Module } from '@nestjs/common';
import { CampaignsModule } from '../campaigns/campaigns.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { ReportsModule } from '../reports/reports.module.ts';
import { ListDownloads } from './list-downloads.ts';
import { ListPreviews } from './list-previews.ts';
import { ListsController } from './lists.controller.ts';
import { ListsService } from './lists.service.ts';

/** From an uploaded file to contacts. */
@Module({
  imports: [CampaignsModule, DispatchModule, ReportsModule],
  controllers: [ListsController],
  providers: [ListsService, ListDownloads, ListPreviews],
})
export class ListsModule {}
