import { Module } from '@nestjs/common';
import { CampaignsModule } from '../campaigns/campaigns.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { ReportsModule } from '../reports/reports.module.ts';
import { CorrectionDownload } from './correcting/correction-download.ts';
import { CorrectionsService } from './correcting/corrections.service.ts';
import { ListDownloads } from './list-downloads.ts';
import { ListPreviews } from './list-previews.ts';
import { ListsController } from './lists.controller.ts';
import { ListsService } from './lists.service.ts';
import { ListReplacements } from './list-replacement.ts';
import { OneAtATime } from './one-at-a-time.ts';

/** From an uploaded file to contacts. */
@Module({
  imports: [CampaignsModule, DispatchModule, ReportsModule],
  controllers: [ListsController],
  providers: [
    ListsService,
    CorrectionsService,
    CorrectionDownload,
    OneAtATime,
    ListDownloads,
    ListPreviews,
    ListReplacements,
  ],
})
export class ListsModule {}
