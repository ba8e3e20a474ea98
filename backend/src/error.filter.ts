import { Catch, HttpException, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import {
  PROBLEMS,
  problemText,
  type Language,
  type Problem,
  type ProblemCode,
} from '../../contract/problems.ts';
import { ProblemError } from './errors.ts';

/** Connection lost, refused, silent or cut by an administrator or by the server; PostgreSQL starting or stopping. */
const DATABASE_GONE = new RegExp(
  [
    '^(08|57P0|53300|25P03)',
    'ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT',
    'Connection terminated|timeout exceeded when trying to connect|is not queryable|not said a word',
  ].join('|'),
);

/** @param code SQLSTATE or errno, where there is one */
export function isDatabaseGone(code: string, message: string): boolean {
  return DATABASE_GONE.test(code) || DATABASE_GONE.test(message);
}

/** Long work is measured in seconds; who comes sooner would only wait in line again. */
const BUSY_RETRY_SECONDS = '5';

/** SQLSTATE of a disk that is full, and of a limit set for temporary files. */
const NO_ROOM = new Set(['53100', '53400']);

/** Text that PostgreSQL cannot hold: NUL, or half of a surrogate pair. */
const UNSTORABLE = new Set(['22021', '22P05']);

/** The only place where an error becomes a response. What it does not know, it logs under a number and hides. */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger(ErrorFilter.name);

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    const problem = this.problemOf(error, languageOf(request));
    if (response.headersSent) {
      // A download broke off half-way: cut the connection so that the reader cannot take it for complete.
      response.destroy();
      return;
    }
    if (problem.code === 'token_expired') response.setHeader('X-Host-Token-Retry', '1');
    if (problem.code === 'busy') response.setHeader('Retry-After', BUSY_RETRY_SECONDS);
    // Of a download that failed before its first byte: the problem is not its file.
    response.removeHeader('Content-Disposition');
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  private problemOf(error: unknown, language: Language): Problem {
    if (error instanceof ProblemError) return describe(error, language);
    if (error instanceof HttpException)
      return describe(new ProblemError(codeOfStatus(error.getStatus())), language);
    const code = (error as { code?: unknown; status?: unknown; statusCode?: unknown }) ?? {};
    if (typeof code.statusCode === 'number' && code.statusCode < 500) {
      return describe(new ProblemError(codeOfStatus(code.statusCode)), language);
    }
    const text = `${String(code.code ?? '')} ${(error as Error)?.message ?? ''}`;
    if (UNSTORABLE.has(String(code.code))) return describe(new ProblemError('malformed'), language);
    const id = randomUUID().slice(0, 8);
    if (isDatabaseGone(String(code.code ?? ''), text)) {
      this.logger.warn(`${id}: database unavailable`);
      return describe(new ProblemError('unavailable'), language);
    }
    this.logger.error(`${id}: ${safeStack(error)}`);
    if (NO_ROOM.has(String(code.code))) return describe(new ProblemError('disk_full'), language);
    return describe(new ProblemError('internal', { id }), language);
  }
}

export function languageOf(request: Request): Language {
  return request.acceptsLanguages('en', 'ru') === 'ru' ? 'ru' : 'en';
}

function codeOfStatus(status: number): ProblemCode {
  if (status === 404) return 'not_found';
  if (status === 413) return 'file_too_large';
  return status >= 500 ? 'unavailable' : 'malformed';
}

export function describe(error: ProblemError, language: Language): Problem {
  const { status } = PROBLEMS[error.code];
  return {
    type: `urn:mass-messaging:problem:${error.code}`,
    title: error.code.replaceAll('_', ' '),
    status,
    code: error.code,
    detail: problemText(error.code, language, error.params),
    ...(Object.keys(error.params).length > 0 && { params: error.params }),
    ...(error.errors.length > 0 && {
      errors: error.errors.map((each) => ({
        ...each,
        detail: problemText(each.code, language, each.params),
      })),
    }),
  };
}

/** Where it happened, without the values: a PostgreSQL message may quote a phone number. */
function safeStack(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return maskPhones(error.stack ?? error.message);
}

/** Every run of 9–15 digits keeps its last two: for anything that goes to a log. */
export function maskPhones(text: string): string {
  return text.replace(/\d{9,15}/g, (digits) => `…${digits.slice(-2)}`);
}
