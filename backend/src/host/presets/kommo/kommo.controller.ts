import { Controller, Get, Logger, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { ProblemError } from '../../../errors.ts';
import { Public } from '../../caller.ts';
import { publicRefusal } from '../../host.guard.ts';
import { SessionTokens } from '../../session-tokens.ts';
import { parseToken, TokenRefused } from '../../token.ts';
import { sendScript } from '../send-script.ts';
import { KommoInstallService } from './kommo-install.service.ts';
import { KommoTokens } from './kommo-tokens.ts';

/** What Kommo calls and its pages load. Nothing here is believed before Kommo itself, or its signature, has said it. */
@Public()
@Controller()
export class KommoController {
  private readonly logger = new Logger(KommoController.name);

  constructor(
    private readonly tokens: KommoTokens,
    private readonly sessions: SessionTokens,
    private readonly installs: KommoInstallService,
  ) {}

  /** `state` and `from_widget` say nothing that the code does not prove: it is good at its own account alone. */
  @Get('api/host/kommo/installed')
  async installed(@Query('code') code: unknown, @Query('referer') referer: unknown) {
    if (typeof code !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(code)) throw new ProblemError('malformed');
    const origins = typeof referer === 'string' ? [`https://${referer}`, `http://${referer}`] : [];
    const origin = origins.find((each) => this.tokens.hostOf(each));
    if (origin === undefined) throw new ProblemError('malformed');
    await this.installs.install(this.tokens.hostOf(origin)!, origin, code);
    return { status: 'active' };
  }

  /** Hands the page of an account the token that Kommo put on its call, so that it can reach the frame. */
  @Get('api/host/kommo/token')
  async token(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    response.set('Cache-Control', 'no-store');
    const raw = request.headers['x-auth-token'];
    if (typeof raw !== 'string') throw new ProblemError('token_missing');
    try {
      const { claims } = parseToken(raw);
      const host = this.tokens.hostOf(claims['iss']);
      if (!host || request.headers.origin !== claims['iss']) throw new TokenRefused('another page');
      await this.sessions.verify(raw, Date.now());
      const expires_at = new Date(Number(claims['exp']) * 1000).toISOString();
      return { token: raw, expires_at, host: host.issuer, tenant: String(claims['account_id']) };
    } catch (error) {
      throw publicRefusal(error, this.logger);
    }
  }

  @Get('kommo/script.js')
  script(@Res() response: Response): void {
    sendScript(response, 'backend/src/host/presets/kommo/script.js');
  }

  /** The same file that other hosts embed the card with. */
  @Get('kommo/embed.js')
  embed(@Res() response: Response): void {
    sendScript(response, 'sandbox/src/pages/embed.js');
  }
}
