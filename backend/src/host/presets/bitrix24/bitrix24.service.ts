import { createSecretKey, randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import jwt from 'jsonwebtoken';
import { DataSource } from 'typeorm';
import type { Agent } from 'undici';
import type * as v from 'valibot';
import { SESSION_TOKEN_TYPE } from '../../../../../contract/host-api.ts';
import type { Role } from '../../../../../contract/session.ts';
import { isTimeZone } from '../../../../../contract/zoned-time.ts';
import { CONFIG, MANIFEST } from '../../../tokens.ts';
import type { Config, HostRecord } from '../../../config.ts';
import { rowsOf } from '../../../database/rows.ts';
import { ProblemError } from '../../../errors.ts';
import { LifecycleService } from '../../lifecycle.service.ts';
import type { Manifest } from '../../manifest.ts';
import { checkedOutgoingUrl, publicAgent } from '../../outgoing.ts';
import { open, seal } from '../../secrets.ts';
import { ask } from '../ask.ts';
import { hashOf, isHashOf } from '../call-token.ts';
import type { Bitrix24App } from './bitrix24-record.ts';
import {
  AccessSchema,
  nameOf,
  OpeningSchema,
  parsed,
  ProfileSchema,
  UninstallSchema,
  type Opening,
  type Profile,
} from './bitrix24-says.ts';

const TOKEN_SECONDS = 600;

type Bitrix24Host = HostRecord & { bitrix24: Bitrix24App };

interface Installation {
  host: Bitrix24Host;
  tenant: string;
  id: string;
  sequence: number;
  state: string;
  api_base_url: string;
  session_key: Buffer;
  call_token_hash: Buffer | null;
}

/** A card that may be shown, to whom, and where. */
export interface Opened {
  host: string;
  tenant: string;
  portal: string;
  user: string;
  token: string;
  expires_at: string;
}

/**
 * Bitrix24 signs nothing: what it says goes through the user's browser. So an opening counts as far as its access works at
 * the address that is stored for the account, never at one that came with it; and an account is stored on the word of the
 * server of authorisation that we are registered with, for an administrator.
 */
@Injectable()
export class Bitrix24Service implements OnApplicationShutdown {
  private readonly agent: Agent;

  constructor(
    private readonly dataSource: DataSource,
    private readonly lifecycle: LifecycleService,
    @Inject(CONFIG) private readonly config: Config,
    @Inject(MANIFEST) private readonly manifest: Manifest,
  ) {
    this.agent = publicAgent(config.allowLocalHosts, config.requestTimeoutMs);
  }

  /** @throws ProblemError malformed, host_unavailable, installation_inactive, host_admin_first */
  async open(form: URLSearchParams): Promise<Opened> {
    const opening = parsed(OpeningSchema, form);
    const stored = await this.installation(opening.member_id);
    const isOurs = stored && isHashOf(opening.APPLICATION_TOKEN, stored.call_token_hash);
    const installation = isOurs ? stored : await this.install(opening);
    if (installation.state !== 'active') throw new ProblemError('installation_inactive');
    const profile = await this.profile(installation.api_base_url, opening.AUTH_ID);
    const { token, expiresAt } = this.token(installation, profile);
    return {
      host: installation.host.issuer,
      tenant: installation.tenant,
      portal: new URL(installation.api_base_url).origin,
      user: nameOf(profile),
      token,
      expires_at: expiresAt.toISOString(),
    };
  }

  /** The refresh token tells the server of authorisation, and it tells us, whose account this is; the other fields do not. */
  private async install({ member_id, APPLICATION_TOKEN, REFRESH_ID, SERVER_ENDPOINT }: Opening) {
    const host = this.hosts().find(({ issuer }) => SERVER_ENDPOINT.startsWith(`${issuer}/`));
    if (!host || REFRESH_ID === undefined) throw new ProblemError('malformed');
    const query = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: host.bitrix24.clientId,
      client_secret: host.bitrix24.secret.export().toString(),
      refresh_token: REFRESH_ID,
    });
    const access = await this.ask(AccessSchema, `${host.issuer}/oauth/token/?${query}`);
    if (access.member_id !== member_id) throw new ProblemError('host_unavailable');
    const apiBaseUrl = checkedOutgoingUrl(access.client_endpoint, this.config.allowLocalHosts);
    const profile = await this.profile(apiBaseUrl, access.access_token);
    if (!profile.ADMIN) throw new ProblemError('host_admin_first');
    const { origin, hostname } = new URL(apiBaseUrl);
    const id = randomUUID();
    const sealed = (secret: string) => seal(secret, this.config.secretsKeys, id);
    const timezone = isTimeZone(profile.TIME_ZONE ?? '') ? profile.TIME_ZONE! : host.bitrix24.timeZone;
    await this.lifecycle.store(
      { host, tenant: member_id, installationId: id },
      { name: hostname, timezone },
      {
        sequence: 1,
        // Our own page stands between the portal and the frame.
        origins: [new URL(this.config.baseUrl).origin, origin],
        apiBaseUrl,
        tokenUrl: `${host.issuer}/oauth/token/`,
        callTokenHash: hashOf(APPLICATION_TOKEN),
        secrets: {
          // Kept for nothing: each opening brings an access of its user's.
          accessToken: sealed(randomBytes(32).toString('base64url')),
          webhookSecret: sealed(`whsec_${randomBytes(32).toString('base64')}`),
          sessionKey: sealed(randomBytes(32).toString('base64url')),
        },
      },
    );
    return (await this.installation(member_id))!;
  }

  /** Our own, of the kind that every host's are, by the key of the installation. */
  private token({ host, tenant, id, session_key }: Installation, { ID, ADMIN }: Profile) {
    const key = createSecretKey(Buffer.from(open(session_key, this.config.secretsKeys, id), 'base64url'));
    const role: Role = ADMIN ? 'admin' : 'operator';
    const token = jwt.sign({ tid: tenant, iid: id, role }, key, {
      algorithm: 'HS256',
      header: { alg: 'HS256', typ: SESSION_TOKEN_TYPE },
      issuer: host.issuer,
      audience: this.manifest.key,
      subject: ID,
      jwtid: randomUUID(),
      expiresIn: TOKEN_SECONDS,
    });
    return { token, expiresAt: new Date(Date.now() + TOKEN_SECONDS * 1000) };
  }

  /** @throws ProblemError malformed, signature_invalid: also for an account that is gone already */
  async event(form: URLSearchParams): Promise<void> {
    const call = parsed(UninstallSchema, form);
    const installation = await this.installation(call['auth[member_id]']);
    if (!installation || !isHashOf(call['auth[application_token]'], installation.call_token_hash)) {
      throw new ProblemError('signature_invalid');
    }
    const { host, tenant, id, sequence } = installation;
    await this.lifecycle.uninstalled(
      { host, tenant, installationId: id },
      { installation_id: id, sequence: sequence + 1 },
      call['data[CLEAN]'] === '1',
    );
  }

  private hosts(): Bitrix24Host[] {
    return this.config.hosts.filter((host): host is Bitrix24Host => host.bitrix24 !== undefined);
  }

  private async installation(memberId: string): Promise<Installation | null> {
    const [row] = await rowsOf<Omit<Installation, 'host' | 'tenant'> & { issuer: string }>(
      this.dataSource.manager,
      `select a.host as issuer, i.id, i.sequence::int as sequence, i.state, i.api_base_url, i.session_key, i.call_token_hash
         from account a join installation i on i.account_id = a.id
        where a.host = any ($1) and a.external_id = $2 and i.state <> 'uninstalled'`,
      [this.hosts().map(({ issuer }) => issuer), memberId],
    );
    if (!row) return null;
    const { issuer, ...rest } = row;
    return { ...rest, host: this.hosts().find((host) => host.issuer === issuer)!, tenant: memberId };
  }

  private async profile(apiBaseUrl: string, auth: string): Promise<Profile> {
    return (await this.ask(ProfileSchema, `${apiBaseUrl}/profile`, { auth })).result;
  }

  private ask<T extends v.GenericSchema>(schema: T, url: string, body?: object) {
    const { requestTimeoutMs: timeoutMs } = this.config;
    return ask(schema, { agent: this.agent, timeoutMs, url, ...(body && { body }) });
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}
