import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Controller, Get, Query, Res } from '@nestjs/common';
import type { Response } from 'express';
import { DataSource } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { PROJECT_ROOT } from '../project-root.ts';
import { Public } from './caller.ts';

const PAGE = join(PROJECT_ROOT, 'dist/widget/index.html');

/**
 * The frame's page. Who may embed it comes from the installation's stored origins: the query only selects whose,
 * and naming another tenant gives a page that the browser will not show here.
 */
@Public()
@Controller('widget')
export class WidgetController {
  constructor(private readonly dataSource: DataSource) {}

  @Get()
  async page(
    @Query('host') host: unknown,
    @Query('tenant') tenant: unknown,
    @Res() response: Response,
  ): Promise<void> {
    const origins = await this.origins(String(host ?? ''), String(tenant ?? ''));
    response.set({
      'Content-Security-Policy': [
        `frame-ancestors ${origins.join(' ') || "'none'"}`,
        "default-src 'self'",
        "img-src 'self' data: https:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
      ].join('; '),
      'Cache-Control': 'no-store',
    });
    const page = existsSync(PAGE) ? readFileSync(PAGE, 'utf8') : '<p>npm run build</p>';
    const meta = `<meta name="host-origins" content="${origins.join(' ')}"`;
    response.type('html').send(page.replace(/<meta name="host-origins" content=""/, () => meta));
  }

  private async origins(host: string, tenant: string): Promise<string[]> {
    const [row] = await rowsOf<{ origins: string[] }>(
      this.dataSource.manager,
      `select i.origins from account a join installation i on i.account_id = a.id
        where a.host = $1 and a.external_id = $2 and i.state = 'active'`,
      [host, tenant],
    );
    return row?.origins ?? [];
  }
}
