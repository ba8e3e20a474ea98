import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Agent } from 'undici';
import { CONFIG } from '../../tokens.ts';
import type { Config } from '../../config.ts';
import { ProblemError } from '../../errors.ts';
import { publicAgent } from '../../host/outgoing.ts';
import { Turns } from '../../turns.ts';
import { Installations, type HostAccess } from '../installations.ts';
import { Deadlines } from './deadlines.ts';
import { Exchange, type HostRequest } from './exchange.ts';

/** Of a list that a person asked for, in bytes: thousands of templates. */
const LONGEST_LIST = 8 * 1024 * 1024;

/** Errors that say the request never left: name not found, connection refused, TLS not agreed. */
const NEVER_LEFT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** Did the request certainly never reach the other side? */
export function neverLeft(error: unknown): boolean {
  const code =
    (error as { code?: unknown; cause?: { code?: unknown } })?.code ??
    (error as { cause?: { code?: unknown } })?.cause?.code;
  return typeof code === 'string' && NEVER_LEFT.test(code);
}

/** The one HTTP client for a host's API: kept connections, our time limit, its bearer token. */
@Injectable()
export class HostClient implements OnApplicationShutdown {
  private readonly agent: Agent;
  private readonly turns: Turns;
  private readonly deadlines: Deadlines<Exchange>;

  constructor(
    private readonly installations: Installations,
    @Inject(CONFIG) { channelConcurrency, requestTimeoutMs, allowLocalHosts }: Config,
  ) {
    // No limits of undici's own but for connecting: ours is for all of a request.
    this.agent = publicAgent(allowLocalHosts, requestTimeoutMs, {
      connections: channelConcurrency,
      keepAliveTimeout: 30_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.turns = new Turns(channelConcurrency);
    this.deadlines = new Deadlines(requestTimeoutMs, (exchange) => exchange.expire());
  }

  async access(accountId: number): Promise<HostAccess> {
    const access = await this.installations.access(accountId);
    if (!access) throw new ProblemError('installation_inactive');
    return access;
  }

  /** One request, over within the time limit, its wait for a connection included. */
  begin(access: HostAccess, request: HostRequest): Exchange {
    const exchange = new Exchange(this.agent, access, request, this.over);
    this.deadlines.add(exchange);
    this.turns.take(exchange.origin, exchange);
    return exchange;
  }

  /** A read for a person who waits: any failure is `host_unavailable`. */
  async get<T>(accountId: number, path: string): Promise<T> {
    return this.read(await this.access(accountId), path);
  }

  /** The same of another system than the account's host. */
  async read<T>(access: HostAccess, path: string): Promise<T> {
    const request = { method: 'GET', path, longest: LONGEST_LIST } as const;
    const answer = await this.begin(access, request).answer.catch(() => null);
    if (answer?.status === 404) throw new ProblemError('not_found');
    if (answer?.status !== 200 || answer.body === null) throw new ProblemError('host_unavailable');
    return answer.body as T;
  }

  private readonly over = (exchange: Exchange): void => {
    this.deadlines.delete(exchange);
    if (exchange.hasBegun) this.turns.free(exchange.origin);
  };

  async onApplicationShutdown(): Promise<void> {
    await this.deadlines.emptied();
    await this.agent.close();
  }
}
