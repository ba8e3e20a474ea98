import { Module } from '@nestjs/common';
import { ChannelsModule } from '../channels/channels.module.ts';
import { DispatchClock } from './dispatch-clock.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import { Dispatcher } from './dispatcher.ts';
import { RunContents } from './run-contents.ts';
import { UnknownLookUp } from './unknown-look-up.ts';

/** From the queue to the provider: claim, pace, send, record, heal. */
@Module({
  imports: [ChannelsModule],
  providers: [DispatchDatabase, Dispatcher, DispatchClock, RunContents, UnknownLookUp],
  exports: [Dispatcher, DispatchDatabase, RunContents],
})
export class DispatchModule {}
