import { Inject, Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { LIFECYCLE_TOKEN_TYPE, type LifecycleEvent } from '../../../contract/host-api.ts';
import { CONFIG } from '../tokens.ts';
import type { Config, HostRecord } from '../config.ts';
import { changedRows, rowsOf } from '../database/rows.ts';
import { moveHours } from '../campaigns/sending-hours.ts';
import { Installations } from '../channels/installations.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { pauseAllOf } from '../campaigns/campaign-state.ts';
import { ProblemError } from '../errors.ts';
import { Erasure } from './erasure.ts';
import { HostKeySets } from './host-key-sets.ts';
import type { Installed, SecretRotated, Updated } from './lifecycle-events.ts';
import { checkedOrigin, checkedOutgoingUrl } from './outgoing.ts';
import { SecretExchange, type SealedSecrets } from './secret-exchange.ts';
import { bodyHashMatches, nameClaim, parseToken, TokenRefused, verifyToken } from './token.ts';

const LIFECYCLE_TTL_SECONDS = 300;
/** The old secrets are taken beside the new ones for so long: tokens and webhooks signed by them are still on their way. */
const PREVIOUS_HOURS = 24;
/** What a row of an uninstalled app must not keep. */
const NO_SECRETS = `access_token = null, webhook_secret = null, session_key = null,
                previous_webhook_secret = null, previous_session_key = null, previous_until = null, call_token_hash = null`;

/** The secrets of what the account was connected to. */
const DISCONNECT = `
delete from chatwoot_connection c using installation i where i.id = $1 and c.account_id = i.account_id`;

/** Who signed a lifecycle call, once its token has been checked against the body. */
export interface LifecycleSender {
  host: HostRecord;
  tenant: string;
  installationId: string;
}

/** What an installation is made of, its addresses checked. */
interface NewInstallation {
  sequence: number;
  origins: string[];
  apiBaseUrl: string;
  tokenUrl: string;
  /** SHA-256 of what the host's calls bear, where they bear no signature. */
  callTokenHash?: Buffer;
  secrets: SealedSecrets;
}

/** The host's word about an installation. Repeats and late calls are told by their sequence, and change nothing. */
@Injectable()
export class LifecycleService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly installations: Installations,
    private readonly dispatcher: Dispatcher,
    private readonly erasure: Erasure,
    private readonly keySets: HostKeySets,
    private readonly secrets: SecretExchange,
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

  async installed(sender: LifecycleSender, event: Installed): Promise<void> {
    const { origins, apiBaseUrl, tokenUrl } = this.checked(sender, event);
    if (await this.isKnown(event)) return;
    const secrets = await this.secrets.exchange(tokenUrl, event.install_code, event.installation_id);
    const { sequence } = event;
    await this.store(sender, event.tenant, { sequence, origins, apiBaseUrl, tokenUrl, secrets });
  }

  /** The sender's new installation takes the place of the account's earlier one. */
  async store(
    sender: LifecycleSender,
    tenant: { name: string; timezone: string },
    { sequence, origins, apiBaseUrl, tokenUrl, callTokenHash, secrets }: NewInstallation,
  ): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const [account] = await rowsOf<{ id: number }>(
        manager,
        `insert into account (host, external_id, name, time_zone) values ($1, $2, $3, $4)
         on conflict on constraint account_external do update set name = excluded.name, time_zone = excluded.time_zone
         returning id`,
        [sender.host.issuer, sender.tenant, tenant.name, tenant.timezone],
      );
      await moveHours(manager, account!.id, tenant.timezone);
      await manager.query(
        `update installation set state = 'uninstalled', ${NO_SECRETS}, updated_at = now()
          where account_id = $1 and state <> 'uninstalled'`,
        [account!.id],
      );
      await manager.query(
        `insert into installation (account_id, id, sequence, state, origins, api_base_url, token_url,
                                   access_token, webhook_secret, session_key, call_token_hash)
         values ($1, $2, $3, 'active', $4, $5, $6, $7, $8, $9, $10)`,
        [
          account!.id,
          sender.installationId,
          sequence,
          origins,
          apiBaseUrl,
          tokenUrl,
          secrets.accessToken,
          secrets.webhookSecret,
          secrets.sessionKey,
          callTokenHash ?? null,
        ],
      );
    });
    await this.obey(sender);
  }

  /** The account's name, its zone, the pages that may embed us, or the host's addresses are others now. */
  async updated(sender: LifecycleSender, event: Updated): Promise<void> {
    const { origins, apiBaseUrl, tokenUrl } = this.checked(sender, event);
    await this.dataSource.transaction(async (manager) => {
      const changed = await this.set(
        manager,
        sender,
        event,
        `origins = $5, api_base_url = $6, token_url = $7`,
        `state <> 'uninstalled'`,
        [origins, apiBaseUrl, tokenUrl],
      );
      if (!changed) return;
      const [account] = await rowsOf<{ id: number }>(
        manager,
        'update account set name = $3, time_zone = $4 where host = $1 and external_id = $2 returning id',
        [sender.host.issuer, sender.tenant, event.tenant.name, event.tenant.timezone],
      );
      await moveHours(manager, account!.id, event.tenant.timezone);
    });
    await this.obey(sender);
  }

  /** Of a code that was used up by a call whose end was lost nothing is left: the host calls again with a new one. */
  async secretRotated(sender: LifecycleSender, event: SecretRotated): Promise<void> {
    if (event.installation_id !== sender.installationId) throw new ProblemError('signature_invalid');
    const [installation] = await rowsOf<{ token_url: string }>(
      this.dataSource.manager,
      `select i.token_url from installation i join account a on a.id = i.account_id
        where a.host = $1 and a.external_id = $2 and i.id = $3 and i.sequence < $4 and i.state <> 'uninstalled'`,
      [sender.host.issuer, sender.tenant, event.installation_id, event.sequence],
    );
    if (!installation) return;
    const secrets = await this.secrets.exchange(
      installation.token_url,
      event.install_code,
      event.installation_id,
    );
    await this.set(
      this.dataSource.manager,
      sender,
      event,
      `previous_webhook_secret = i.webhook_secret, previous_session_key = i.session_key,
       previous_until = now() + interval '${PREVIOUS_HOURS} hours',
       access_token = $5, webhook_secret = $6, session_key = $7`,
      `state <> 'uninstalled'`,
      [secrets.accessToken, secrets.webhookSecret, secrets.sessionKey],
    );
    await this.obey(sender);
  }

  private checked(sender: LifecycleSender, { installation_id, tenant, host_api }: Updated) {
    if (tenant.id !== sender.tenant || installation_id !== sender.installationId) {
      throw new ProblemError('signature_invalid');
    }
    const local = this.config.allowLocalHosts;
    return {
      origins: tenant.origins.map((origin) => checkedOrigin(origin, local)),
      apiBaseUrl: checkedOutgoingUrl(host_api.base_url, local),
      tokenUrl: checkedOutgoingUrl(host_api.token_url, local),
    };
  }

  /** Repeats of an event already taken, and calls older than it, change nothing. */
  private async isKnown(event: LifecycleEvent): Promise<boolean> {
    const rows = await rowsOf(this.dataSource.manager, 'select 1 from installation where id = $1', [
      event.installation_id,
    ]);
    return rows.length > 0;
  }

  /** Also pauses what runs: the account's campaigns wait until a person resumes them. */
  async disabled(sender: LifecycleSender, event: LifecycleEvent): Promise<void> {
    await this.change(sender, event, `state = 'disabled'`, `state = 'active'`);
  }

  async enabled(sender: LifecycleSender, event: LifecycleEvent): Promise<void> {
    await this.change(sender, event, `state = 'active'`, `state = 'disabled'`);
  }

  /** @param eraseAtOnce as the customer asked: else what is personal stays for the agreed time */
  async uninstalled(sender: LifecycleSender, event: LifecycleEvent, eraseAtOnce = false): Promise<void> {
    const set = `state = 'uninstalled', erase_at_once = ${eraseAtOnce}, ${NO_SECRETS}`;
    await this.change(sender, event, set, `state <> 'uninstalled'`);
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
      const changed = await this.set(manager, sender, event, set, from);
      if (!changed || set.startsWith(`state = 'active'`)) return;
      await pauseAllOf(manager, event.installation_id);
      if (set.startsWith(`state = 'uninstalled'`)) await manager.query(DISCONNECT, [event.installation_id]);
    });
    await this.obey(sender);
  }

  /**
   * @param set what changes, $5 and further its `values`
   * @param from a condition on the installation
   * @returns false where it is another's, removed, or has already taken this call or a later one
   */
  private async set(
    manager: EntityManager,
    sender: LifecycleSender,
    event: LifecycleEvent,
    set: string,
    from: string,
    values: unknown[] = [],
  ): Promise<boolean> {
    const changed = await changedRows(
      manager,
      `update installation i set ${set}, sequence = $4, updated_at = now()
         from account a
        where a.id = i.account_id and a.host = $1 and a.external_id = $2 and i.id = $3
          and i.sequence < $4 and i.${from}`,
      [sender.host.issuer, sender.tenant, event.installation_id, event.sequence, ...values],
    );
    return changed > 0;
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
