import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { rowsOf } from '../database/rows.ts';
import type { Provider } from '../dispatch/gateway.ts';
import { open } from '../host/secrets.ts';
import { chatwootAccess } from './chatwoot/chatwoot-access.ts';

export interface HostAccess {
  /** Scheme, name and port. */
  origin: string;
  /** What the paths of the API begin with, without a slash at its end: mostly nothing. */
  basePath: string;
  accessToken: string;
  /** Where the token stands, if not in `authorization` as a bearer's. */
  tokenHeader?: string;
}

/** Another system than the host that the account's messages go through. */
export interface Connection {
  provider: Exclude<Provider, 'host'>;
  access: HostAccess;
}

interface Access {
  host: HostAccess;
  connection: Connection | null;
}

/**
 * How long an installation's access may be used without looking again, in ms. The process that is told of a change
 * forgets it at once; for the others it bounds what still goes out beside messages, which the dispatcher stops itself.
 */
const FRESH_MS = 2000;

/** The host's API of each account, with its token opened for use; kept for two seconds. */
@Injectable()
export class Installations {
  private readonly known = new Map<number, { at: number; access: Promise<Access | null> }>();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Null where the app is disabled or no longer installed. */
  async access(accountId: number): Promise<HostAccess | null> {
    return (await this.both(accountId))?.host ?? null;
  }

  /** Null where there is none, and where the app is off. */
  async connection(accountId: number): Promise<Connection | null> {
    return (await this.both(accountId))?.connection ?? null;
  }

  private both(accountId: number): Promise<Access | null> {
    const now = performance.now();
    const known = this.known.get(accountId);
    if (known && now - known.at < FRESH_MS) return known.access;
    const access = this.read(accountId);
    this.known.set(accountId, { at: now, access });
    // Only what is there is kept: who is switched on again is not to wait.
    access.then(
      (found) => found ?? this.known.delete(accountId),
      () => this.known.delete(accountId),
    );
    return access;
  }

  /** The installation has just changed. */
  forget(accountId: number): void {
    this.known.delete(accountId);
  }

  private async read(accountId: number): Promise<Access | null> {
    const [row] = await rowsOf<InstallationRow>(
      this.dataSource.manager,
      `select i.id, i.api_base_url, i.access_token, c.id as chatwoot_id, c.base_url as chatwoot_url, c.tenant as chatwoot_tenant,
              c.access_token as chatwoot_token
         from installation i left join chatwoot_connection c on c.account_id = i.account_id
        where i.account_id = $1 and i.state = 'active'`,
      [accountId],
    );
    if (!row) return null;
    const { origin, pathname } = new URL(row.api_base_url);
    const accessToken = open(row.access_token, this.config.secretsKeys, row.id);
    const host = { origin, basePath: pathname.replace(/\/$/, ''), accessToken };
    return { host, connection: row.chatwoot_id === null ? null : this.chatwoot(row) };
  }

  private chatwoot({ chatwoot_id, chatwoot_url, chatwoot_tenant, chatwoot_token }: Chatwoot): Connection {
    const token = open(chatwoot_token, this.config.secretsKeys, chatwoot_id);
    return { provider: 'chatwoot', access: chatwootAccess(chatwoot_url, chatwoot_tenant, token) };
  }
}

interface Chatwoot {
  chatwoot_id: string;
  chatwoot_url: string;
  chatwoot_tenant: number;
  chatwoot_token: Buffer;
}

type InstallationRow = { id: string; api_base_url: string; access_token: Buffer } & (
  Chatwoot | { chatwoot_id: null }
);
