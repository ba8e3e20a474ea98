import { Controller, Get, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { problemText, PROBLEMS, type Language } from '../../../../../contract/problems.ts';
import { ProblemError } from '../../../errors.ts';
import { Public } from '../../caller.ts';
import { textOf } from '../../outgoing.ts';
import { sendScript } from '../send-script.ts';
import { Bitrix24Service, type Opened } from './bitrix24.service.ts';

const MAX_FORM_BYTES = 64 * 1024;

/** What Bitrix24 posts, by way of the user's browser or by itself, and the page between its own and the card's frame. */
@Public()
@Controller('bitrix24')
export class Bitrix24Controller {
  constructor(private readonly bitrix24: Bitrix24Service) {}

  /** The page of the app, or of a place in the portal that it is bound to. */
  @Post('app')
  @HttpCode(200)
  async app(@Req() request: Request, @Query('LANG') lang: unknown, @Res() response: Response): Promise<void> {
    const language: Language = lang === 'ru' ? 'ru' : 'en';
    response.set('Cache-Control', 'no-store').type('html');
    try {
      const form = await formOf(request);
      const opened = await this.bitrix24.open(form);
      response.set('Content-Security-Policy', policy(opened.portal));
      response.send(page(language, opened, form));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      response.set('Content-Security-Policy', "default-src 'none'");
      response.status(PROBLEMS[error.code].status).send(refusal(language, error));
    }
  }

  /** A fresh token for the page above, for as long as the access works that it was opened with. */
  @Post('token')
  @HttpCode(200)
  async token(@Req() request: Request, @Res({ passthrough: true }) response: Response) {
    response.set('Cache-Control', 'no-store');
    const { token, expires_at } = await this.bitrix24.open(await formOf(request));
    return { token, expires_at };
  }

  @Post('events')
  @HttpCode(204)
  async event(@Req() request: Request): Promise<void> {
    await this.bitrix24.event(await formOf(request));
  }

  @Get('page.js')
  script(@Res() response: Response): void {
    sendScript(response, 'backend/src/host/presets/bitrix24/page.js');
  }

  /** The same file that other hosts embed the card with. */
  @Get('embed.js')
  embed(@Res() response: Response): void {
    sendScript(response, 'sandbox/src/pages/embed.js');
  }
}

async function formOf(request: Request): Promise<URLSearchParams> {
  if (!request.is('application/x-www-form-urlencoded')) throw new ProblemError('malformed');
  const text = await textOf(request, MAX_FORM_BYTES).catch(() => {
    throw new ProblemError('malformed');
  });
  return new URLSearchParams(text);
}

/** @param portal the stored origin of the account: nobody else may show this page */
function policy(portal: string): string {
  return [
    `frame-ancestors ${portal}`,
    "default-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

function page(language: Language, { portal: _, ...opened }: Opened, form: URLSearchParams): string {
  const boot = escaped(JSON.stringify({ ...opened, locale: language, form: String(form) }));
  return document(
    language,
    `<div id="card" data-boot="${boot}"></div><script type="module" src="/bitrix24/page.js"></script>`,
  );
}

function refusal(language: Language, { code, params }: ProblemError): string {
  return document(language, `<p>${escaped(problemText(code, language, params))}</p>`);
}

function document(language: Language, body: string): string {
  return `<!doctype html><html lang="${language}"><meta charset="utf-8"><title>Mass Messaging</title>${body}</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
