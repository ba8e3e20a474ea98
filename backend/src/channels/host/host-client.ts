import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { CONFIG } from '../../tokens.ts';
import type { Config } from '../../config.ts';
import { ProblemError } from '../../errors.ts';
import { Installations, type HostAccess } from '../installations.ts';

export interface HostResponse {
  status: number;
  body: unknown;
  retryAfter: string | undefined;
}

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

  constructor(
    private readonly installations: Installations,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.agent = new Agent({
      connections: config.channelConcurrency,
      keepAliveTimeout: 30_000,
      connect: { timeout: config.requestTimeoutMs },
      headersTimeout: config.requestTimeoutMs,
      bodyTimeout: config.requestTimeoutMs,
    });
  }

  async access(accountId: number): Promise<HostAccess> {
    const access = await this.installations.access(accountId);
    if (!access) throw new ProblemError('installation_inactive');
    return access;
  }

  /** @throws what undici throws: ask `neverLeft` what it means */
  async call(
    access: HostAccess,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    idempotencyKey?: string,
  ): Promise<HostResponse> {
    const answer = await request(`${access.baseUrl}${path}`, {
      method,
      dispatcher: this.agent,
      headers: {
        authorization: `Bearer ${access.accessToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(this.config.requestTimeoutMs),
    });
    const text = await answer.body.text();
    const retryAfter = answer.headers['retry-after'];
    return {
      status: answer.statusCode,
      body: parse(text),
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
    };
  }

  /** A read for a person who waits: any failure is `host_unavailable`. */
  async get<T>(accountId: number, path: string): Promise<T> {
    const access = await this.access(accountId);
    const answer = await this.call(access, 'GET', path).catch(() => null);
    if (answer?.status === 404) throw new ProblemError('not_found');
    if (answer?.status !== 200) throw new ProblemError('host_unavailable');
    return answer.body as T;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.close();
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
