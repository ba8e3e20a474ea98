import { createParamDecorator, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import type { Permission, Role } from '../../../contract/session.ts';

/** Who calls, as the host's token says it. The only source of the account in a request. */
export interface Caller {
  accountId: number;
  installationId: string;
  userId: string;
  role: Role;
  account: { name: string; timeZone: string };
  /** Until when the token is taken, in milliseconds since 1970. */
  expiresAt: number;
}

export type CallerRequest = Request & { caller?: Caller };

export const CurrentCaller = createParamDecorator((_data: unknown, context: ExecutionContext): Caller => {
  const { caller } = context.switchToHttp().getRequest<CallerRequest>();
  if (!caller) throw new Error('a route without a caller asked for one');
  return caller;
});

export const PERMISSION = 'permission';
export const PUBLIC = 'public';

/** The permission a route asks for; without it, `view`. */
export const Needs = (permission: Permission) => SetMetadata(PERMISSION, permission);

/** A route that checks its caller by other means than the session token, or needs none. */
export const Public = () => SetMetadata(PUBLIC, true);
