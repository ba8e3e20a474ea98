import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG } from '../../../tokens.ts';
import type { Config, HostRecord } from '../../../config.ts';
import { ProblemError } from '../../../errors.ts';
import { rowsOf } from '../../../database/rows.ts';
import type { Caller } from '../../caller.ts';
import { CLOCK_SKEW_SECONDS, TokenRefused, verifyToken, type UnverifiedToken } from '../../token.ts';
import { isAccountOf, subdomainOf, type KommoIntegration } from './kommo-record.ts';

export type KommoHost = HostRecord & { kommo: KommoIntegration };

interface AccountRow {
  account_id: number;
  id: string;
  state: string;
  api_base_url: string;
  name: string;
  time_zone: string;
}

/**
 * One-time tokens of `$authorizedAjax`: HS256 by the integration's secret, good for half an hour. Claims as in
 * amocrm-api-php, `DisposableTokenModel::fromJwtToken` and `AmoCRMOAuth::parseDisposableToken`, and at
 * https://developers.kommo.com/docs/one-time-tokens. As one secret signs for all accounts, it is `iss` and `account_id`
 * together that say whose a token is: both must be those of one stored account, which that library leaves open.
 */
@Injectable()
export class KommoTokens {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** @returns null where it is no address of an account of Kommo's that we are registered with */
  hostOf(origin: unknown): KommoHost | null {
    const found = this.config.hosts.find(({ issuer, kommo }) => kommo && isAccountOf(issuer, origin));
    return (found as KommoHost | undefined) ?? null;
  }

  /**
   * @param now milliseconds since 1970
   * @throws TokenRefused, or ProblemError `installation_inactive`
   */
  async verify(token: UnverifiedToken, { issuer, kommo }: KommoHost, now: number): Promise<Caller> {
    const { claims } = token;
    const account = await this.account(issuer, idClaim(claims, 'account_id'));
    if (!account) throw new TokenRefused('not installed in this account');
    if (claims['client_uuid'] !== kommo.id) throw new TokenRefused('client_uuid');
    if (claims['subdomain'] !== subdomainOf(account.api_base_url)) throw new TokenRefused('subdomain');
    if (typeof claims['is_admin'] !== 'boolean') throw new TokenRefused('is_admin');
    if (claims['nbf'] === undefined) throw new TokenRefused('times');
    const userId = idClaim(claims, 'user_id');
    const { protocol, hostname } = new URL(this.config.baseUrl);
    const expect = {
      typ: 'JWT',
      issuer: account.api_base_url,
      // Of the redirect address its scheme and name, without a port.
      audience: `${protocol}//${hostname}`,
      maxTtlSeconds: 1800,
    };
    verifyToken(token, { kid: '', alg: 'HS256', key: kommo.secret }, expect, Math.floor(now / 1000));
    if (account.state !== 'active') throw new ProblemError('installation_inactive');
    return {
      accountId: account.account_id,
      installationId: account.id,
      userId,
      role: claims['is_admin'] ? 'admin' : 'operator',
      account: { name: account.name, timeZone: account.time_zone },
      expiresAt: (Number(claims['exp']) + CLOCK_SKEW_SECONDS) * 1000,
    };
  }

  private async account(issuer: string, externalId: string): Promise<AccountRow | null> {
    const [row] = await rowsOf<AccountRow>(
      this.dataSource.manager,
      `select i.account_id, i.id, i.state, i.api_base_url, a.name, a.time_zone
         from account a join installation i on i.account_id = a.id
        where a.host = $1 and a.external_id = $2 and i.state <> 'uninstalled'`,
      [issuer, externalId],
    );
    return row ?? null;
  }
}

/** Kommo's ids are whole numbers; as text they are one of ours. */
function idClaim(claims: Record<string, unknown>, name: string): string {
  const value = claims[name];
  if (!Number.isSafeInteger(value) || Number(value) <= 0) throw new TokenRefused(name);
  return String(value);
}
