import { Controller, Get } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Session } from '../../../contract/session.ts';
import { hasRanges } from '../ranges/load-ranges.ts';
import { CurrentCaller, type Caller } from './caller.ts';

@Controller('api/session')
export class SessionController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  async get(@CurrentCaller() caller: Caller): Promise<Session> {
    return {
      account: caller.account,
      user: { id: caller.userId, role: caller.role },
      recipientZones: await hasRanges(this.dataSource.manager),
    };
  }
}
