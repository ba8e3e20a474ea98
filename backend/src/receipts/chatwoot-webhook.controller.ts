import { Controller, Headers, HttpCode, Inject, Param, Post, Req, type RawBodyRequest } from '@nestjs/common';
import type { Request } from 'express';
import { DataSource } from 'typeorm';
import { eventOf, isSigned } from '../channels/chatwoot/chatwoot-events.ts';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';
import { Public } from '../host/caller.ts';
import { open } from '../host/secrets.ts';
import { storeIncoming } from './inbox.ts';
import { InboxProcessor } from './inbox-processor.ts';

interface ConnectionRow {
  account_id: number;
  base_url: string;
  tenant: number;
  webhook_secret: Buffer;
}

/** Chatwoot's webhooks: checked over the raw body, said in the host's words, stored, answered; worked off afterwards. */
@Public()
@Controller('api/webhooks/chatwoot')
export class ChatwootWebhookController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly inbox: InboxProcessor,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Post(':connectionId')
  @HttpCode(202)
  async receive(
    @Param('connectionId') id: string,
    @Headers() headers: Record<string, string>,
    @Req() request: RawBodyRequest<Request>,
  ): Promise<void> {
    const [connection] = await rowsOf<ConnectionRow>(
      this.dataSource.manager,
      // As text: what is no UUID is another's address, not an error of the database.
      'select account_id, base_url, tenant, webhook_secret from chatwoot_connection where id::text = $1',
      [id],
    );
    if (!connection) throw new ProblemError('not_found');
    const secret = open(connection.webhook_secret, this.config.secretsKeys, id);
    const body = request.rawBody ?? Buffer.alloc(0);
    if (!isSigned(body, headers, secret, Date.now() / 1000)) throw new ProblemError('signature_invalid');
    const at = new Date(Number(headers['x-chatwoot-timestamp']) * 1000);
    const event = eventOf(
      JSON.parse(body.toString('utf8')),
      { id, baseUrl: connection.base_url, tenant: connection.tenant },
      at,
    );
    if (!event) return;
    await storeIncoming(this.dataSource.manager, connection.account_id, [event]);
    this.inbox.wake();
  }
}
