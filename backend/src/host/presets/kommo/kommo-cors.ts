import { Injectable, type NestMiddleware } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { KommoTokens } from './kommo-tokens.ts';

/** Pages of accounts, and no others, may call with the header that `$authorizedAjax` adds; never with cookies. */
@Injectable()
export class KommoCors implements NestMiddleware {
  constructor(private readonly tokens: KommoTokens) {}

  use(request: Request, response: Response, next: NextFunction): void {
    const { origin } = request.headers;
    response.vary('Origin');
    if (origin !== undefined && this.tokens.hostOf(origin)) {
      response.set({
        'Access-Control-Allow-Origin': origin,
        'Access-Control-Allow-Methods': 'GET',
        'Access-Control-Allow-Headers': 'X-Auth-Token',
      });
    }
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  }
}
