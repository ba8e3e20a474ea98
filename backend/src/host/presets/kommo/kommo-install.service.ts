import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Agent } from 'undici';
import * as v from 'valibot';
import { isTimeZone } from '../../../../../contract/zoned-time.ts';
import { CONFIG } from '../../../tokens.ts';
import type { Config } from '../../../config.ts';
import { ProblemError } from '../../../errors.ts';
import { LifecycleService } from '../../lifecycle.service.ts';
import { checkedOutgoingUrl, publicAgent } from '../../outgoing.ts';
import { seal } from '../../secrets.ts';
import { ask } from '../ask.ts';
import { subdomainOf } from './kommo-record.ts';
import type { KommoHost } from './kommo-tokens.ts';

const TokensSchema = v.object({ access_token: v.pipe(v.string(), v.minLength(1), v.maxLength(8192)) });

/** https://developers.kommo.com/reference/account-parameters; the zone: amocrm-api-php, `DateTimeSettings`. */
const AccountSchema = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  subdomain: v.string(),
  _embedded: v.object({
    datetime_settings: v.object({ timezone: v.pipe(v.string(), v.check(isTimeZone)) }),
  }),
});

/** The code of Kommo's redirect against an access token, and with that the account's own word about which it is. */
@Injectable()
export class KommoInstallService implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(
    private readonly lifecycle: LifecycleService,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.agent = publicAgent(config.allowLocalHosts, config.requestTimeoutMs);
  }

  /**
   * @param origin the address of an account of this host: nowhere else does the integration's secret go
   * @throws ProblemError `host_unavailable`, also where the answers are not of Kommo's API or of another account
   */
  async install(host: KommoHost, origin: string, code: string): Promise<void> {
    const apiBaseUrl = checkedOutgoingUrl(origin, this.config.allowLocalHosts);
    const tokenUrl = `${apiBaseUrl}/oauth2/access_token`;
    const { access_token } = await this.ask(TokensSchema, tokenUrl, {
      client_id: host.kommo.id,
      client_secret: host.kommo.secret.export().toString(),
      grant_type: 'authorization_code',
      code,
      redirect_uri: `${this.config.baseUrl}/api/host/kommo/installed`,
    });
    const address = `${apiBaseUrl}/api/v4/account?with=datetime_settings`;
    const account = await this.ask(AccountSchema, address, null, access_token);
    if (account.subdomain !== subdomainOf(origin)) throw new ProblemError('host_unavailable');
    const installationId = randomUUID();
    const sealed = (secret: string) => seal(secret, this.config.secretsKeys, installationId);
    await this.lifecycle.store(
      { host, tenant: String(account.id), installationId },
      { name: account.name, timezone: account._embedded.datetime_settings.timezone },
      {
        sequence: 1,
        origins: [origin],
        apiBaseUrl,
        tokenUrl,
        secrets: {
          accessToken: sealed(access_token),
          // Kommo signs nothing for us: a secret that nobody knows takes no webhook.
          webhookSecret: sealed(`whsec_${randomBytes(32).toString('base64')}`),
          sessionKey: null,
        },
      },
    );
  }

  private ask<T extends v.GenericSchema>(
    schema: T,
    url: string,
    body: object | null,
    accessToken?: string,
  ): Promise<v.InferOutput<T>> {
    const question = { agent: this.agent, timeoutMs: this.config.requestTimeoutMs, url };
    return ask(schema, { ...question, ...(body && { body }), ...(accessToken && { accessToken }) });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}
