import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.ts';
import { DispatchModule } from '../dispatch/dispatch.module.ts';
import { StopListModule } from '../stop-list/stop-list.module.ts';
import { ChatOpener } from './chat-opener.ts';
import { ChatwootWebhookController } from './chatwoot-webhook.controller.ts';
import { EventFeed } from './event-feed.ts';
import { InboxProcessor } from './inbox-processor.ts';
import { RepliesService } from './replies.service.ts';
import { WebhookController } from './webhook.controller.ts';

/** The provider's later word on a message, and the customer's. */
@Module({
  imports: [ChannelsModule, DispatchModule, StopListModule],
  controllers: [ChatwootWebhookController, WebhookController],
  providers: [InboxProcessor, EventFeed, RepliesService, ChatOpener],
})
export class ReceiptsModule {}
