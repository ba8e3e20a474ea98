import type { Dispatcher } from 'undici';
import type { Leave } from '../../dispatch/gateway.ts';
import type { HostAccess } from '../installations.ts';
import type { Waiting } from '../../turns.ts';

export interface HostRequest {
  method: 'GET' | 'POST';
  /** Below the host's API address, from its slash on. */
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  idempotencyKey?: string;
  /** Asked when a connection is ready and nothing has been written yet; where it says no, nothing leaves. */
  leave?: Leave;
  /** The longest body of an answer that is read, in bytes: a host must not be able to fill the memory. */
  longest?: number;
}

export interface HostResponse {
  status: number;
  /** What the JSON says; null where it is none, or longer than was to be read. */
  body: unknown;
  retryAfter: string | undefined;
}

/** The request's turn came too late: nothing of it was written. */
export class NotLeft extends Error {}

/** Its time was up: while it waited for a connection, for the answer, or for the end of the answer. */
export class TimedOut extends Error {
  override readonly name = 'TimeoutError';
}

/** Ends the connection on which more came than was to be read. Nobody sees it: the answer is settled by then. */
class TooLong extends Error {}

/** Of an answer to a message or a chat, in bytes: an id, or a problem in words. */
const LONGEST_ANSWER = 64 * 1024;

/**
 * One request and its answer, as the handler that undici calls on the way. Whatever comes first settles it, and what
 * comes later changes nothing:
 *
 *   waiting for its turn, then for a connection ──ready, leave says yes──▶ written ──▶ answered
 *                 └────────────── too late, failed, out of time ◀────────────┘
 *
 * What is to be written is made when its turn comes, for thousands may wait. The answer's body is collected here, which
 * costs far less than a stream for each.
 */
export class Exchange implements Dispatcher.DispatchHandler, Waiting {
  /** @throws NotLeft, TimedOut, what `leave` threw, or what undici reports: ask `neverLeft` what it means */
  readonly answer: Promise<HostResponse>;
  hasBegun = false;
  /** Something of it may have been written. */
  hasLeft = false;
  private settle!: ((answer: HostResponse) => void) | null;
  private fail!: (error: unknown) => void;
  private controller: Dispatcher.DispatchController | null = null;
  private status = 0;
  private retryAfter: string | undefined;
  private chunks: Buffer[] | null = null;
  private bytes = 0;

  /** @param over told once when it is settled, before anyone who waits for the answer */
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly access: HostAccess,
    private readonly request: HostRequest,
    private readonly over: (exchange: Exchange) => void,
  ) {
    this.answer = new Promise((resolve, reject) => {
      this.settle = resolve;
      this.fail = reject;
    });
  }

  get origin(): string {
    return this.access.origin;
  }

  get isOver(): boolean {
    return this.settle === null;
  }

  begin(): void {
    this.hasBegun = true;
    try {
      this.dispatcher.dispatch(this.options(), this);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Its time is up. Where it still waits it will not leave any more. */
  expire(): void {
    const error = new TimedOut();
    this.failed(error);
    this.controller?.abort(error);
  }

  /** An error thrown here ends this request alone and leaves the connection as it was; `abort` would close it. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { leave } = this.request;
    if (this.isOver || (leave && !this.hasLeft && !leave())) throw new NotLeft();
    this.hasLeft = true;
    this.controller = controller;
  }

  /** Of interim answers, 103 and the like, any number may come before the last. */
  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.status = status;
    const retryAfter = headers['retry-after'];
    this.retryAfter = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
    this.chunks = [];
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes <= (this.request.longest ?? LONGEST_ANSWER)) this.chunks?.push(chunk);
    else {
      // Its status is known and says more than that there was no answer.
      this.answered(null);
      controller.abort(new TooLong());
    }
  }

  onResponseEnd(): void {
    this.answered(parse(this.chunks ?? []));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.failed(error);
  }

  private options(): Dispatcher.DispatchOptions {
    const { method, path, body, idempotencyKey } = this.request;
    const { origin, basePath, accessToken, tokenHeader } = this.access;
    const headers = tokenHeader ? [tokenHeader, accessToken] : ['authorization', `Bearer ${accessToken}`];
    if (body !== undefined) headers.push('content-type', 'application/json');
    if (idempotencyKey !== undefined) headers.push('idempotency-key', idempotencyKey);
    const json = body === undefined ? null : JSON.stringify(body);
    return { origin, path: basePath + path, method, headers, body: json };
  }

  private answered(body: unknown): void {
    this.settle?.({ status: this.status, body, retryAfter: this.retryAfter });
    this.end();
  }

  private failed(error: unknown): void {
    this.fail(error);
    this.end();
  }

  private end(): void {
    if (this.isOver) return;
    this.settle = this.chunks = null;
    this.over(this);
  }
}

function parse(chunks: Buffer[]): unknown {
  const bytes = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  const text = bytes.toString('utf8');
  try {
    // A byte order mark is no JSON, but no fault either.
    return JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text);
  } catch {
    return null;
  }
}
