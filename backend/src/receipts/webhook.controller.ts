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
import { storeIncoming } from './inbox.ts';
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
    const [installation] = await rowsOf<{ account_id: number; secrets: Buffer[] }>(
      this.dataSource.manager,
      `select account_id,
              array[webhook_secret] || case when previous_until > now() then array[previous_webhook_secret] end as secrets
         from installation where id = $1 and state <> 'uninstalled'`,
      [installationId],
    );
    if (!installation) throw new ProblemError('not_found');
    const secrets = installation.secrets.map((sealed) =>
      open(sealed, this.config.secretsKeys, installationId),
    );
    const event = verified((request.rawBody ?? Buffer.alloc(0)).toString('utf8'), headers, secrets);
    // A repeat is answered like the first.
    await storeIncoming(this.dataSource.manager, installation.account_id, [
      { id: headers['webhook-id']!, body: event },
    ]);
    this.inbox.wake();
  }
}

/** By the current secret or, for a while after it was changed, by the one before. */
function verified(body: string, headers: Record<string, string>, secrets: readonly string[]): unknown {
  for (const secret of secrets) {
    try {
      return new Webhook(secret).verify(body, headers);
    } catch {
      // The next one may be it.
    }
  }
  throw new ProblemError('signature_invalid');
}
