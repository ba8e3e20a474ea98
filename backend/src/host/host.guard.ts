import { Injectable, Logger, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { roleMay, type Permission } from '../../../contract/session.ts';
import { ProblemError } from '../errors.ts';
import { PERMISSION, PUBLIC, type CallerRequest } from './caller.ts';
import { SessionTokens } from './session-tokens.ts';
import { TokenRefused } from './token.ts';

/** Puts the caller on the request, or refuses. Every route is behind it unless it says `@Public()`. */
@Injectable()
export class HostGuard implements CanActivate {
  private readonly logger = new Logger(HostGuard.name);

  constructor(
    private readonly reflector: Reflector,
    private readonly tokens: SessionTokens,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<CallerRequest>();
    request.caller = await this.callerOf(request);
    const permission = this.reflector.getAllAndOverride<Permission>(PERMISSION, targets) ?? 'view';
    if (!roleMay(request.caller.role, permission)) throw new ProblemError('role_insufficient');
    return true;
  }

  private async callerOf(request: CallerRequest) {
    const token = bearerToken(request);
    if (token === null) throw new ProblemError('token_missing');
    try {
      return await this.tokens.verify(token, Date.now());
    } catch (error) {
      throw publicRefusal(error, this.logger);
    }
  }
}

/** One public answer for every failure of a token; the reason, never the token, goes to the log. */
export function publicRefusal(error: unknown, logger: Logger): unknown {
  if (!(error instanceof TokenRefused)) return error;
  logger.warn(`token refused: ${error.message}`);
  return new ProblemError(error.expired ? 'token_expired' : 'token_invalid');
}

/** From the Authorization header alone, and only when there is exactly one. */
export function bearerToken(request: CallerRequest): string | null {
  const headers = request.rawHeaders.filter(
    (each, at) => at % 2 === 0 && each.toLowerCase() === 'authorization',
  );
  const match = /^bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '');
  return headers.length === 1 && match ? match[1]! : null;
}
