import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.ts';
import { ReportsModule } from '../reports/reports.module.ts';
import { LengthsController } from './lengths.controller.ts';
import { LengthsService } from './lengths.service.ts';
import { UnsendableDownload } from './unsendable-download.ts';

/** What the rows of the files make of a message. */
@Module({
  imports: [ChannelsModule, ReportsModule],
  controllers: [LengthsController],
  providers: [LengthsService, UnsendableDownload],
  exports: [LengthsService],
})
export class LengthsModule {}
