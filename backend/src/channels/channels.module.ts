import { Module } from '@nestjs/common';
import { GATEWAY } from '../tokens.ts';
import { ChannelsController } from './channels.controller.ts';
import { ChannelsService } from './channels.service.ts';
import { HostClient } from './host/host-client.ts';
import { HostGateway } from './host/host-gateway.ts';
import { Installations } from './installations.ts';

/** Where messages go: the gateway of each provider, one folder a provider. */
@Module({
  controllers: [ChannelsController],
  providers: [Installations, HostClient, ChannelsService, { provide: GATEWAY, useClass: HostGateway }],
  exports: [GATEWAY, ChannelsService, HostClient, Installations],
})
export class ChannelsModule {}
