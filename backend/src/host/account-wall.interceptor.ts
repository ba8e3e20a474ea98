import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import { Observable } from 'rxjs';
import { behindWall } from '../database/account-wall.ts';
import type { CallerRequest } from './caller.ts';

/** Answers the requests of an account behind its wall (`database/account-wall.ts`). The guard has put the caller there. */
@Injectable()
export class AccountWallInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const { caller } = context.switchToHttp().getRequest<CallerRequest>();
    if (!caller) return next.handle();
    // The handler runs when somebody subscribes.
    return new Observable((answer) => behindWall(caller.accountId, () => next.handle().subscribe(answer)));
  }
}
