import { Module } from '@nestjs/common';
import { Downloads } from './download.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { ReportService } from './report.service.ts';
import { ReportViewService } from './report-view.service.ts';
import { ReportsController } from './reports.controller.ts';

/** The report, and what streams any file out of the database. */
@Module({
  imports: [DispatchModule],
  controllers: [ReportsController],
  providers: [ReportService, ReportViewService, Downloads],
  exports: [Downloads],
})
export class ReportsModule {}
