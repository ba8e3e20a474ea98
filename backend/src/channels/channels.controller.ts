import { Controller, Get, Param } from '@nestjs/common';
import { CurrentCaller, type Caller } from '../host/caller.ts';
import { ChannelsService } from './channels.service.ts';

@Controller('api/channels')
export class ChannelsController {
  constructor(private readonly channels: ChannelsService) {}

  @Get()
  async list(@CurrentCaller() caller: Caller) {
    return { data: await this.channels.channels(caller.accountId) };
  }

  @Get(':channelId/templates')
  async templates(@CurrentCaller() caller: Caller, @Param('channelId') channelId: string) {
    return { data: await this.channels.templates(caller.accountId, channelId) };
  }
}
