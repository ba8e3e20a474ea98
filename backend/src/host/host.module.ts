import { Module } from '@nestjs/common';
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
import { SecretExchange } from './secret-exchange.ts';
import { SessionController } from './session.controller.ts';
import { SessionTokens } from './session-tokens.ts';
import { WidgetController } from './widget.controller.ts';

/** Who is calling: token, installation, lifecycle, manifest, and the page of the frame. */
@Module({
  controllers: [LifecycleController, ManifestController, SessionController, WidgetController],
  imports: [ChannelsModule, DispatchModule],
  providers: [
    HostKeySets,
    SecretExchange,
    SessionTokens,
    LifecycleService,
    Erasure,
    { provide: APP_GUARD, useClass: HostGuard },
    { provide: APP_INTERCEPTOR, useClass: AccountWallInterceptor },
  ],
  exports: [],
})
export class HostModule {}
