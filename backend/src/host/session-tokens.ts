import { createSecretKey } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SESSION_TOKEN_TYPE } from '../../../contract/host-api.ts';
import { ROLES, type Role } from '../../../contract/session.ts';
import { CONFIG, MANIFEST } from '../tokens.ts';
import type { Config, HostRecord } from '../config.ts';
import { ProblemError } from '../errors.ts';
import { rowsOf } from '../database/rows.ts';
import type { Caller } from './caller.ts';
import { HostKeySets } from './host-key-sets.ts';
import type { HostKey } from './host-keys.ts';
import type { Manifest } from './manifest.ts';
import { KommoTokens } from './presets/kommo/kommo-tokens.ts';
import { open } from './secrets.ts';
import {
  CLOCK_SKEW_SECONDS,
  isSignedBy,
  nameClaim,
  parseToken,
  TokenRefused,
  verifyToken,
  type UnverifiedToken,
} from './token.ts';

interface InstallationRow {
  account_id: number;
  id: string;
  state: string;
  session_key: Buffer | null;
  /** Null where it no longer holds. */
  previous_session_key: Buffer | null;
  name: string;
  time_zone: string;
}

/**
 * Session tokens of every registered host: HS256 by the installation's own key, or RS256 / ES256 by a key of the host,
 * registered or published, that the token names by `kid`. The installation is read for every request, so that disabling
 * it ends all access at once. A host with a preset has tokens of its own kind.
 */
@Injectable()
export class SessionTokens {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(MANIFEST) private readonly manifest: Manifest,
    private readonly keySets: HostKeySets,
    private readonly kommo: KommoTokens,
  ) {}

  /**
   * @param now milliseconds since 1970
   * @throws TokenRefused, or ProblemError `installation_inactive`
   */
  async verify(raw: string, now: number): Promise<Caller> {
    const token = parseToken(raw);
    const kommo = this.kommo.hostOf(token.claims['iss']);
    if (kommo) return this.kommo.verify(token, kommo, now);
    const host = this.config.hosts.find(({ issuer }) => issuer === token.claims['iss']);
    if (!host) throw new TokenRefused('unknown issuer');
    const tenant = nameClaim(token.claims, 'tid');
    const installationId = nameClaim(token.claims, 'iid');
    const installation = await this.installation(host.issuer, tenant, installationId);
    const key = await this.keyFor(token, host, installation, now);
    const expect = {
      typ: SESSION_TOKEN_TYPE,
      issuer: host.issuer,
      audience: this.manifest.key,
      maxTtlSeconds: host.maxTtlSeconds,
    };
    verifyToken(token, key, expect, Math.floor(now / 1000));
    const userId = nameClaim(token.claims, 'sub');
    if (!installation) throw new TokenRefused('no such installation');
    if (installation.state !== 'active') throw new ProblemError('installation_inactive');
    return {
      accountId: installation.account_id,
      installationId: installation.id,
      userId,
      role: roleOf(token.claims['role']),
      account: { name: installation.name, timeZone: installation.time_zone },
      expiresAt: (Number(token.claims['exp']) + CLOCK_SKEW_SECONDS) * 1000,
    };
  }

  private async installation(issuer: string, tenant: string, id: string): Promise<InstallationRow | null> {
    const [row] = await rowsOf<InstallationRow>(
      this.dataSource.manager,
      `select i.account_id, i.id, i.state, i.session_key,
              case when i.previous_until > now() then i.previous_session_key end as previous_session_key, a.name, a.time_zone
         from account a join installation i on i.account_id = a.id
        where a.host = $1 and a.external_id = $2 and i.id = $3`,
      [issuer, tenant, id],
    );
    return row ?? null;
  }

  private async keyFor(
    token: UnverifiedToken,
    host: HostRecord,
    installation: InstallationRow | null,
    now: number,
  ): Promise<HostKey> {
    const { kid } = token.header;
    if (kid !== undefined) {
      const key = await this.keySets.find(host, kid, now);
      if (!key) throw new TokenRefused('unknown kid');
      return key;
    }
    if (!installation?.session_key) throw new TokenRefused('no key for this installation');
    const current = this.ownKey(installation, installation.session_key);
    const { previous_session_key } = installation;
    if (!previous_session_key || isSignedBy(token, current)) return current;
    return this.ownKey(installation, previous_session_key);
  }

  private ownKey({ id }: InstallationRow, sealed: Buffer): HostKey {
    const secret = open(sealed, this.config.secretsKeys, id);
    return { kid: '', alg: 'HS256', key: createSecretKey(Buffer.from(secret, 'base64url')) };
  }
}

/** A role we do not know may only look. */
function roleOf(claim: unknown): Role {
  return ROLES.find((role) => role === claim) ?? 'viewer';
}
