/**
 * The only HTTP. Adds the host's token and the reader's language, turns every failure into an ApiError with a
 * code of contract/problems.ts (or `network`), and repeats a request once when a fresh token would help.
 */
import type { Problem } from '../../../contract/problems.ts';
import type { Tokens } from '../host/tokens.ts';
import { eventParser, type ServerEvent } from './events.ts';

export class ApiError extends Error {
  override name = 'ApiError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
}

/** The person stopped it; nothing to show. */
export class CancelledError extends Error {
  override name = 'CancelledError';
}

export interface UploadOptions {
  method?: 'PUT' | 'POST';
  /** 0–1; 1 means all bytes have gone and the server is reading. */
  onProgress?(part: number): void;
  signal?: AbortSignal;
}

export interface StreamOptions {
  signal: AbortSignal;
  onEvent(event: ServerEvent): void;
  /** Anything has come, be it only a sign of life. */
  onHeard(): void;
}

export interface Client {
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  upload<T>(path: string, file: Blob, options?: UploadOptions): Promise<T>;
  download(path: string): Promise<{ blob: Blob; fileName: string }>;
  /** Resolves when the server has ended the stream. @throws ApiError, `network` when it broke off; CancelledError */
  stream(path: string, options: StreamOptions): Promise<void>;
}

export interface ClientOptions {
  tokens: Tokens;
  language(): string;
  fetch?: typeof globalThis.fetch;
  newXhr?(): XMLHttpRequest;
}

interface Answer {
  status: number;
  header(name: string): string | null;
  text(): Promise<string>;
}

const RETRY_HEADER = 'X-Host-Token-Retry';

export function createClient(options: ClientOptions): Client {
  const { tokens, language } = options;
  const doFetch = options.fetch ?? globalThis.fetch.bind(globalThis);
  const newXhr = options.newXhr ?? (() => new XMLHttpRequest());

  async function authorised<A extends Answer>(send: (token: string) => Promise<A>): Promise<A> {
    const token = await tokens.current();
    let answer = await send(token);
    if (answer.status === 401 && answer.header(RETRY_HEADER) === '1') {
      answer = await send(await tokens.instead(token));
    }
    if (answer.status >= 400) throw await failure(answer);
    return answer;
  }

  function fetched(method: string, path: string, body?: unknown, signal: AbortSignal | null = null) {
    return async (token: string) => {
      const headers: Record<string, string> = {
        Authorization: `Bearer ${token}`,
        'Accept-Language': language(),
      };
      if (body !== undefined) headers['Content-Type'] = 'application/json';
      const response = await doFetch(path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        credentials: 'omit',
        cache: 'no-store',
        signal,
        // What is saved while the window closes still arrives.
        keepalive: method === 'PATCH',
      }).catch(() => {
        throw signal?.aborted ? new CancelledError() : networkFailure();
      });
      return {
        status: response.status,
        header: (name: string) => response.headers.get(name),
        text: () => response.text(),
        blob: () => response.blob(),
        body: response.body,
      };
    };
  }

  function sent(path: string, file: Blob, { method = 'PUT', onProgress, signal }: UploadOptions) {
    return (token: string) =>
      new Promise<Answer>((resolve, reject) => {
        if (signal?.aborted) return reject(new CancelledError());
        const xhr = newXhr();
        xhr.open(method, path);
        xhr.setRequestHeader('Authorization', `Bearer ${token}`);
        xhr.setRequestHeader('Accept-Language', language());
        xhr.setRequestHeader('Content-Type', 'text/csv');
        xhr.upload.onprogress = (event) => {
          if (event.lengthComputable) onProgress?.(event.loaded / event.total);
        };
        xhr.upload.onload = () => onProgress?.(1);
        xhr.onload = () =>
          resolve({
            status: xhr.status,
            header: (name) => xhr.getResponseHeader(name),
            text: () => Promise.resolve(xhr.responseText),
          });
        xhr.onerror = () => reject(networkFailure());
        xhr.onabort = () => reject(new CancelledError());
        signal?.addEventListener('abort', () => xhr.abort(), { once: true });
        xhr.send(file);
      });
  }

  return {
    async call<T>(method: string, path: string, body?: unknown) {
      const answer = await authorised(fetched(method, path, body));
      return (answer.status === 204 ? undefined : await readJson(answer)) as T;
    },
    async upload<T>(path: string, file: Blob, uploadOptions: UploadOptions = {}) {
      return (await readJson(await authorised(sent(path, file, uploadOptions)))) as T;
    },
    async download(path) {
      const answer = await authorised(fetched('GET', path));
      return {
        blob: await answer.blob(),
        fileName: fileNameOf(answer.header('Content-Disposition')) ?? 'mass-messaging.csv',
      };
    },
    async stream(path, { signal, onEvent, onHeard }) {
      const { body } = await authorised(fetched('GET', path, undefined, signal));
      const reader = body!.getReader();
      const decoder = new TextDecoder();
      const parse = eventParser();
      try {
        for (let next = await reader.read(); !next.done; next = await reader.read()) {
          onHeard();
          parse(decoder.decode(next.value, { stream: true })).forEach(onEvent);
        }
      } catch {
        throw signal.aborted ? new CancelledError() : networkFailure();
      }
    },
  };
}

/** RFC 6266: the encoded `filename*` first, then the plain one. */
export function fileNameOf(disposition: string | null): string | null {
  const encoded = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(disposition ?? '')?.[1];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded.trim());
    } catch {
      // Falls through to the plain name.
    }
  }
  const plain = /filename\s*=\s*(?:"([^"]*)"|([^;\s]+))/i.exec(disposition ?? '');
  return plain?.[1] ?? plain?.[2] ?? null;
}

async function readJson(answer: Answer): Promise<unknown> {
  const text = await answer.text().catch(() => {
    throw networkFailure();
  });
  try {
    return JSON.parse(text);
  } catch {
    throw networkFailure();
  }
}

async function failure(answer: Answer): Promise<ApiError> {
  try {
    const problem = JSON.parse(await answer.text()) as Problem;
    if (typeof problem.code === 'string') return new ApiError(problem);
  } catch {
    // A proxy's page, not ours.
  }
  return answer.status === 413 ? problemOf('file_too_large', 413) : problemOf('unavailable', answer.status);
}

function networkFailure(): ApiError {
  return problemOf('network', 0);
}

/** A failure that never reached the server. */
export function problemOf(code: string, status = 0): ApiError {
  return new ApiError({ type: 'about:blank', title: code, status, code, detail: '' });
}

let current: Client | null = null;

export function setClient(client: Client): void {
  current = client;
}

export function client(): Client {
  if (!current) throw new Error('setClient comes first');
  return current;
}
