import { Module } from '@nestjs/common';
import { Downloads } from './download.ts';
import { ReportService } from './report.service.ts';
import { ReportsController } from './reports.controller.ts';

/** The report, and what streams any file out of the database. */
@Module({ controllers: [ReportsController], providers: [ReportService, Downloads], exports: [Downloads] })
export class ReportsModule {}
