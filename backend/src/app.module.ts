import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { CampaignsModule } from './campaigns/campaigns.module.ts';
import type { Config } from './config.ts';
import { DatabaseModule } from './database/database.module.ts';
import { DispatchModule } from './dispatch/dispatch.module.ts';
import { HealthController } from './health.controller.ts';
import { HostModule } from './host/host.module.ts';
import { readManifest } from './host/manifest.ts';
import { LiveModule } from './live/live.module.ts';
import { ListsModule } from './lists/lists.module.ts';
import { OpenApiModule } from './openapi/openapi.module.ts';
import { ReceiptsModule } from './receipts/receipts.module.ts';
import { ReportsModule } from './reports/reports.module.ts';
import { StopListModule } from './stop-list/stop-list.module.ts';
import { CONFIG, MANIFEST } from './tokens.ts';

@Module({})
class SettingsModule {
  static with(config: Config): DynamicModule {
    return {
      module: SettingsModule,
      global: true,
      providers: [
        { provide: CONFIG, useValue: config },
        { provide: MANIFEST, useValue: readManifest(config.baseUrl) },
      ],
      exports: [CONFIG, MANIFEST],
    };
  }
}

/** The table of contents. The database is opened, and migrated, before Nest starts. */
@Module({ controllers: [HealthController] })
export class AppModule {
  static with(config: Config, dataSource: DataSource): DynamicModule {
    return {
      module: AppModule,
      imports: [
        SettingsModule.with(config),
        ScheduleModule.forRoot(),
        TypeOrmModule.forRootAsync({ useFactory: () => ({}), dataSourceFactory: async () => dataSource }),
        DatabaseModule,
        HostModule,
        CampaignsModule,
        ListsModule,
        LiveModule,
        DispatchModule,
        ReceiptsModule,
        ReportsModule,
        StopListModule,
        OpenApiModule,
      ],
    };
  }
}
