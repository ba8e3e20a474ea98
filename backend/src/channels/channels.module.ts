import { Module } from '@nestjs/common';
import { GATEWAYS } from '../tokens.ts';
import { ChannelsController } from './channels.controller.ts';
import { ChannelsService } from './channels.service.ts';
import { ChatwootMessenger } from './chatwoot/chatwoot-messenger.ts';
import { HostClient } from './host/host-client.ts';
import { HostMessenger } from './host/host-messenger.ts';
import { Installations } from './installations.ts';
import { Messengers } from './messengers.ts';

/** Where messages go: the messenger of each provider, one folder a provider. */
@Module({
  controllers: [ChannelsController],
  providers: [
    Installations,
    HostClient,
    HostMessenger,
    ChatwootMessenger,
    Messengers,
    ChannelsService,
    { provide: GATEWAYS, useExisting: Messengers },
  ],
  exports: [GATEWAYS, ChannelsService, HostClient, Installations, Messengers],
})
export class ChannelsModule {}
