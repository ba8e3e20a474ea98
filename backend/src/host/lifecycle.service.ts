import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { request } from 'undici';
import * as v from 'valibot';
import {
  LIFECYCLE_TOKEN_TYPE,
  type InstallationSecrets,
  type LifecycleEvent,
} from '../../../contract/host-api.ts';
import { isTimeZone } from '../../../contract/zoned-time.ts';
import { CONFIG } from '../tokens.ts';
import type { Config, HostRecord } from '../config.ts';
import { changedRows, rowsOf } from '../database/rows.ts';
import { Installations } from '../channels/installations.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { pauseAllOf } from '../campaigns/campaign-state.ts';
import { ProblemError } from '../errors.ts';
import { Erasure } from './erasure.ts';
import { HostKeySets } from './host-key-sets.ts';
import { checkedOrigin, checkedOutgoingUrl } from './outgoing.ts';
import { seal } from './secrets.ts';
import { bodyHashMatches, nameClaim, parseToken, TokenRefused, verifyToken } from './token.ts';

const LIFECYCLE_TTL_SECONDS = 300;

export const InstalledSchema = v.object({
  installation_id: v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{8,128}$/)),
  sequence: v.pipe(v.number(), v.integer(), v.minValue(1)),
  tenant: v.object({
    id: v.pipe(v.string(), v.minLength(1), v.maxLength(128)),
    name: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
    locale: v.string(),
    timezone: v.pipe(v.string(), v.check(isTimeZone)),
    origins: v.pipe(v.array(v.string()), v.minLength(1), v.maxLength(10)),
  }),
  host_api: v.object({ base_url: v.string(), token_url: v.string() }),
  install_code: v.pipe(v.string(), v.minLength(1), v.maxLength(512)),
});

export const LifecycleSchema = v.object({
  installation_id: v.string(),
  sequence: v.pipe(v.number(), v.integer(), v.minValue(1)),
});

const SecretsSchema = v.object({
  access_token: v.pipe(v.string(), v.minLength(1)),
  webhook_secret: v.pipe(v.string(), v.regex(/^whsec_[A-Za-z0-9+/=_-]{32,}$/)),
  session_key: v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43,}$/))),
});

/** Who signed a lifecycle call, once its token has been checked against the body. */
export interface LifecycleSender {
  host: HostRecord;
  tenant: string;
  installationId: string;
}

/** The host says: installed, disabled, enabled, uninstalled. Repeats and late calls are told by their sequence. */
@Injectable()
export class LifecycleService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly installations: Installations,
    private readonly dispatcher: Dispatcher,
    private readonly erasure: Erasure,
    private readonly keySets: HostKeySets,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Only a registered platform key counts: a first call is never trusted for being the first. */
  async sender(raw: string | null, body: Buffer): Promise<LifecycleSender> {
    if (raw === null) throw new ProblemError('token_missing');
    try {
      const token = parseToken(raw);
      const host = this.config.hosts.find(({ issuer }) => issuer === token.claims['iss']);
      const { kid } = token.header;
      const key = host && kid !== undefined ? await this.keySets.find(host, kid, Date.now()) : null;
      if (!host || !key) throw new TokenRefused('unknown issuer or kid');
      const expect = {
        typ: LIFECYCLE_TOKEN_TYPE,
        issuer: host.issuer,
        audience: this.config.baseUrl,
        maxTtlSeconds: LIFECYCLE_TTL_SECONDS,
      };
      verifyToken(token, key, expect, Math.floor(Date.now() / 1000));
      if (!bodyHashMatches(token.claims['bsh'], body)) throw new TokenRefused('body');
      return { host, tenant: nameClaim(token.claims, 'tid'), installationId: nameClaim(token.claims, 'iid') };
    } catch (error) {
      if (error instanceof TokenRefused) throw new ProblemError('signature_invalid');
      throw error;
    }
  }

  async installed(sender: LifecycleSender, event: v.InferOutput<typeof InstalledSchema>): Promise<void> {
    if (event.tenant.id !== sender.tenant || event.installation_id !== sender.installationId) {
      throw new ProblemError('signature_invalid');
    }
    const local = this.config.allowLocalHosts;
    const origins = event.tenant.origins.map((origin) => checkedOrigin(origin, local));
    const apiBaseUrl = checkedOutgoingUrl(event.host_api.base_url, local);
    if (await this.isKnown(event)) return;
    const secrets = await this.exchange(
      checkedOutgoingUrl(event.host_api.token_url, local),
      event.install_code,
    );
    const sealed = (secret: string | undefined) =>
      secret === undefined ? null : seal(secret, this.config.secretsKey, event.installation_id);
    await this.dataSource.transaction(async (manager) => {
      const [account] = await rowsOf<{ id: number }>(
        manager,
        `insert into account (host, external_id, name, time_zone) values ($1, $2, $3, $4)
         on conflict on constraint account_external do update set name = excluded.name, time_zone = excluded.time_zone
         returning id`,
        [sender.host.issuer, sender.tenant, event.tenant.name, event.tenant.timezone],
      );
      await manager.query(
        `update installation set state = 'uninstalled', access_token = null, webhook_secret = null,
                session_key = null, updated_at = now()
          where account_id = $1 and state <> 'uninstalled'`,
        [account!.id],
      );
      await manager.query(
        `insert into installation
           (account_id, id, sequence, state, origins, api_base_url, access_token, webhook_secret, session_key)
         values ($1, $2, $3, 'active', $4, $5, $6, $7, $8)`,
        [
          account!.id,
          event.installation_id,
          event.sequence,
          origins,
          apiBaseUrl,
          sealed(secrets.access_token),
          sealed(secrets.webhook_secret),
          sealed(secrets.session_key),
        ],
      );
    });
    await this.obey(sender);
  }

  /** Repeats of an event already taken, and calls older than it, change nothing. */
  private async isKnown(event: LifecycleEvent): Promise<boolean> {
    const rows = await rowsOf(this.dataSource.manager, 'select 1 from installation where id = $1', [
      event.installation_id,
    ]);
    return rows.length > 0;
  }

  private async exchange(tokenUrl: string, code: string): Promise<InstallationSecrets> {
    try {
      const { statusCode, body } = await request(tokenUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ install_code: code }),
        headersTimeout: this.config.requestTimeoutMs,
        bodyTimeout: this.config.requestTimeoutMs,
      });
      const answer = await body.json();
      if (statusCode !== 200) throw new Error(`status ${statusCode}`);
      return v.parse(SecretsSchema, answer) as InstallationSecrets;
    } catch {
      throw new ProblemError('host_unavailable');
    }
  }

  /** Also pauses what runs: the account's campaigns wait until a person resumes them. */
  async disabled(sender: LifecycleSender, event: LifecycleEvent): Promise<void> {
    await this.change(sender, event, `state = 'disabled'`, `state = 'active'`);
  }

  async enabled(sender: LifecycleSender, event: LifecycleEvent): Promise<void> {
    await this.change(sender, event, `state = 'active'`, `state = 'disabled'`);
  }

  async uninstalled(sender: LifecycleSender, event: LifecycleEvent): Promise<void> {
    const erase = `state = 'uninstalled', access_token = null, webhook_secret = null, session_key = null`;
    await this.change(sender, event, erase, `state <> 'uninstalled'`);
    this.erasure.wake();
  }

  private async change(
    sender: LifecycleSender,
    event: LifecycleEvent,
    set: string,
    from: string,
  ): Promise<void> {
    if (event.installation_id !== sender.installationId) throw new ProblemError('signature_invalid');
    await this.dataSource.transaction(async (manager) => {
      const changed = await changedRows(
        manager,
        `update installation i set ${set}, sequence = $4, updated_at = now()
           from account a
          where a.id = i.account_id and a.host = $1 and a.external_id = $2 and i.id = $3
            and i.sequence < $4 and i.${from}`,
        [sender.host.issuer, sender.tenant, event.installation_id, event.sequence],
      );
      if (changed === 0 || set.startsWith(`state = 'active'`)) return;
      await pauseAllOf(manager, event.installation_id);
    });
    await this.obey(sender);
  }

  /**
   * What was committed holds before the host has its answer: where the app is off, nothing more leaves any process.
   * Also after a repeated call, because the first one's answer may have been lost half-way.
   */
  private async obey(sender: LifecycleSender): Promise<void> {
    const [account] = await rowsOf<{ id: number; on: boolean }>(
      this.dataSource.manager,
      `select a.id, exists (select from installation i where i.account_id = a.id and i.state = 'active') as on
         from account a where a.host = $1 and a.external_id = $2`,
      [sender.host.issuer, sender.tenant],
    );
    if (!account) return;
    this.installations.forget(account.id);
    if (!account.on) await this.dispatcher.silence(account.id, null);
  }
}
