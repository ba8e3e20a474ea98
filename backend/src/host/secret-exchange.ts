import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { request, type Agent } from 'undici';
import * as v from 'valibot';
import type { InstallationSecrets } from '../../../contract/host-api.ts';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { ProblemError } from '../errors.ts';
import { publicAgent, textOf } from './outgoing.ts';
import { seal } from './secrets.ts';

/** Three secrets take less. */
const MAX_BYTES = 64 * 1024;

export const SecretsSchema = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  webhook_secret: v.pipe(v.string(), v.regex(/^whsec_[A-Za-z0-9+/=_-]{32,}$/)),
  session_key: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43,}$/))),
});

/** Encrypted for one installation, as its row keeps them. */
export interface SealedSecrets {
  accessToken: Buffer;
  webhookSecret: Buffer;
  /** Null where the host signs session tokens by a key of its own. */
  sessionKey: Buffer | null;
}

/** An install code, good for one time, against an installation's secrets: so that none of them travels in a call to us. */
@Injectable()
export class SecretExchange implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    this.agent = publicAgent(config.allowLocalHosts, config.requestTimeoutMs);
  }

  /**
   * @param tokenUrl checked by `checkedOutgoingUrl`
   * @throws ProblemError `host_unavailable`, also where the answer is not of the contract
   */
  async exchange(tokenUrl: string, code: string, installationId: string): Promise<SealedSecrets> {
    const { access_token, webhook_secret, session_key } = await this.ask(tokenUrl, code);
    const sealed = (secret: string) => seal(secret, this.config.secretsKeys, installationId);
    return {
      accessToken: sealed(access_token),
      webhookSecret: sealed(webhook_secret),
      sessionKey: session_key === undefined ? null : sealed(session_key),
    };
  }

  private async ask(tokenUrl: string, code: string): Promise<InstallationSecrets> {
    try {
      const { statusCode, body } = await request(tokenUrl, {
        dispatcher: this.agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ install_code: code }),
        signal: AbortSignal.timeout(this.config.requestTimeoutMs),
      });
      const answer: unknown = JSON.parse(await textOf(body, MAX_BYTES));
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      return v.parse(SecretsSchema, answer) as InstallationSecrets;
    } catch {
      throw new ProblemError('host_unavailable');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}
