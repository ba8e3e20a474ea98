import { Controller, Get } from '@nestjs/common';
import type { Session } from '../../../contract/session.ts';
import { CurrentCaller, type Caller } from './caller.ts';

@Controller('api/session')
export class SessionController {
  @Get()
  get(@CurrentCaller() caller: Caller): Session {
    return { account: caller.account, user: { id: caller.userId, role: caller.role } };
  }
}
