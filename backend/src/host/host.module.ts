import { Module, type MiddlewareConsumer, type NestModule } from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { ChannelsModule } from '../channels/channels.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { AccountWallInterceptor } from './account-wall.interceptor.ts';
import { Erasure } from './erasure.ts';
import { HostKeySets } from './host-key-sets.ts';
import { HostGuard } from './host.guard.ts';
import { LifecycleController } from './lifecycle.controller.ts';
import { LifecycleService } from './lifecycle.service.ts';
import { ManifestController } from './manifest.controller.ts';
import { Bitrix24Controller } from './presets/bitrix24/bitrix24.controller.ts';
import { Bitrix24Service } from './presets/bitrix24/bitrix24.service.ts';
import { KommoCors } from './presets/kommo/kommo-cors.ts';
import { KommoInstallService } from './presets/kommo/kommo-install.service.ts';
import { KommoTokens } from './presets/kommo/kommo-tokens.ts';
import { KommoController } from './presets/kommo/kommo.controller.ts';
import { SecretExchange } from './secret-exchange.ts';
import { SessionController } from './session.controller.ts';
import { SessionTokens } from './session-tokens.ts';
import { WidgetController } from './widget.controller.ts';

/** Who is calling: token, installation, lifecycle, manifest, and the page of the frame. */
@Module({
  controllers: [
    Bitrix24Controller,
    KommoController,
    LifecycleController,
    ManifestController,
    SessionController,
    WidgetController,
  ],
  imports: [ChannelsModule, DispatchModule],
  providers: [
    Bitrix24Service,
    HostKeySets,
    KommoInstallService,
    KommoTokens,
    SecretExchange,
    SessionTokens,
    LifecycleService,
    Erasure,
    { provide: APP_GUARD, useClass: HostGuard },
    { provide: APP_INTERCEPTOR, useClass: AccountWallInterceptor },
  ],
  exports: [],
})
export class HostModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(KommoCors).forRoutes('api/host/kommo/token');
  }
}
