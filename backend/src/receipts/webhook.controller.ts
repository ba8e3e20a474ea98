import { Controller, Headers, HttpCode, Inject, Param, Post, Req, type RawBodyRequest } from '@nestjs/common';
import type { Request } from 'express';
import { Webhook } from 'standardwebhooks';
import { DataSource } from 'typeorm';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';
import { Public } from '../host/caller.ts';
import { open } from '../host/secrets.ts';
import { InboxProcessor } from './inbox-processor.ts';

/**
 * The host's webhooks (Standard Webhooks): checked over the raw body, stored, answered; understood afterwards.
 * The installation in the path selects the secret; a body signed with another's is refused.
 */
@Public()
@Controller('api/webhooks/host')
export class WebhookController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly inbox: InboxProcessor,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post(':installationId')
  @HttpCode(202)
  async receive(
    @Param('installationId') installationId: string,
    @Headers() headers: Record<string, string>,
    @Req() request: RawBodyRequest<Request>,
  ): Promise<void> {
    const [installation] = await rowsOf<{ account_id: number; webhook_secret: Buffer }>(
      this.dataSource.manager,
      `select account_id, webhook_secret from installation where id = $1 and state <> 'uninstalled'`,
      [installationId],
    );
    if (!installation) throw new ProblemError('not_found');
    const secret = open(installation.webhook_secret, this.config.secretsKey, installationId);
    const body = (request.rawBody ?? Buffer.alloc(0)).toString('utf8');
    let event: unknown;
    try {
      event = new Webhook(secret).verify(body, headers);
    } catch {
      throw new ProblemError('signature_invalid');
    }
    // Hosts repeat what they are not sure of: the id decides, and a repeat is answered like the first.
    await this.dataSource.manager.query(
      'insert into inbox (account_id, id, body) values ($1, $2, $3) on conflict do nothing',
      [installation.account_id, headers['webhook-id'], JSON.stringify(event, storable)],
    );
    this.inbox.wake();
  }
}

/** PostgreSQL's text holds neither NUL nor half of a surrogate pair; a customer's message may. */
function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value;
}
