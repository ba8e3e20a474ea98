import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { NewStopListEntrySchema, type NewStopListEntry } from '../../../contract/session.ts';
import { CurrentCaller, Needs, type Caller } from '../host/caller.ts';
import { StopListService } from './stop-list.service.ts';

@Controller('api/stop-list')
export class StopListController {
  constructor(private readonly stopList: StopListService) {}

  @Get()
  async list(@CurrentCaller() caller: Caller) {
    return { data: await this.stopList.list(caller) };
  }

  @Post()
  @Needs('control')
  @HttpCode(204)
  async add(
    @CurrentCaller() caller: Caller,
    @Body({ schema: NewStopListEntrySchema }) body: NewStopListEntry,
  ): Promise<void> {
    await this.stopList.add(caller, body.phone);
  }
}
