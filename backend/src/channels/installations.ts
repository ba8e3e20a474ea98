import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { rowsOf } from '../database/rows.ts';
import { open } from '../host/secrets.ts';

export interface HostAccess {
  /** Scheme, name and port. */
  origin: string;
  /** What the paths of the API begin with, without a slash at its end: mostly nothing. */
  basePath: string;
  accessToken: string;
}

/**
 * How long an installation's access may be used without looking again, in ms. The process that is told of a change
 * forgets it at once; for the others it bounds what still goes out beside messages, which the dispatcher stops itself.
 */
const FRESH_MS = 2000;

/** The host's API of each account, with its token opened for use; kept for two seconds. */
@Injectable()
export class Installations {
  private readonly known = new Map<number, { at: number; access: Promise<HostAccess | null> }>();

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Null where the app is disabled or no longer installed. */
  access(accountId: number): Promise<HostAccess | null> {
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

  private async read(accountId: number): Promise<HostAccess | null> {
    const [row] = await rowsOf<{ id: string; api_base_url: string; access_token: Buffer }>(
      this.dataSource.manager,
      `select id, api_base_url, access_token from installation where account_id = $1 and state = 'active'`,
      [accountId],
    );
    if (!row) return null;
    const { origin, pathname } = new URL(row.api_base_url);
    const accessToken = open(row.access_token, this.config.secretsKeys, row.id);
    return { origin, basePath: pathname.replace(/\/$/, ''), accessToken };
  }
}
