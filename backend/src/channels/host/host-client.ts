import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request, type Dispatcher } from 'undici';
import { CONFIG } from '../../tokens.ts';
import type { Config } from '../../config.ts';
import type { Leave } from '../../dispatch/gateway.ts';
import { ProblemError } from '../../errors.ts';
import { Installations, type HostAccess } from '../installations.ts';

export interface HostResponse {
  status: number;
  body: unknown;
  retryAfter: string | undefined;
}

/** The request's turn came too late: nothing of it was written. */
export class NotLeft extends Error {}

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
  private readonly dispatcher: Dispatcher;

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
    this.dispatcher = this.agent.compose(askBeforeWriting);
  }

  async access(accountId: number): Promise<HostAccess> {
    const access = await this.installations.access(accountId);
    if (!access) throw new ProblemError('installation_inactive');
    return access;
  }

  /**
   * @param leave asked when a connection is ready and nothing has been written yet; where it says no, nothing leaves
   * @throws NotLeft, or what undici throws: ask `neverLeft` what it means
   */
  async call(
    access: HostAccess,
    method: 'GET' | 'POST',
    path: string,
    body?: unknown,
    idempotencyKey?: string,
    leave?: Leave,
  ): Promise<HostResponse> {
    const options: RequestOptions = {
      method,
      dispatcher: this.dispatcher,
      headers: {
        authorization: `Bearer ${access.accessToken}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(this.config.requestTimeoutMs),
      ...(leave && { leave }),
    };
    const answer = await request(`${access.baseUrl}${path}`, options);
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

type RequestOptions = NonNullable<Parameters<typeof request>[1]> & { leave?: Leave };

/**
 * A request may wait in the client until one of its connections is free. What it must not miss is asked at the very
 * moment it is written; an error thrown there ends the request alone and leaves the connection as it was.
 */
function askBeforeWriting(dispatch: Dispatcher['dispatch']): Dispatcher['dispatch'] {
  return (options, handler) => {
    const { leave } = options as RequestOptions;
    if (!leave) return dispatch(options, handler);
    return dispatch(options, {
      onRequestStart(controller, context) {
        if (!leave()) throw new NotLeft();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (...all) => handler.onRequestUpgrade?.(...all),
      onResponseStart: (...all) => handler.onResponseStart?.(...all),
      onResponseData: (...all) => handler.onResponseData?.(...all),
      onResponseEnd: (...all) => handler.onResponseEnd?.(...all),
      onResponseError: (...all) => handler.onResponseError?.(...all),
    });
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
