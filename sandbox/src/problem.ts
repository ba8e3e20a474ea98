import type { ErrorRequestHandler, Response } from 'express';

/** An answer other than success, as application/problem+json. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly retryAfterSeconds?: number,
  ) {
    super(detail);
  }
}

export function sendProblem(response: Response, problem: Problem): void {
  if (problem.retryAfterSeconds !== undefined) {
    response.setHeader('Retry-After', String(problem.retryAfterSeconds));
  }
  const { status, code, detail } = problem;
  const retryable = status === 409 || status === 429 || status >= 500;
  response.status(status).type('application/problem+json').json({ code, detail, status, retryable });
}

export const problemHandler: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error);
  if (error instanceof Problem) return sendProblem(response, error);
  const status = Number((error as { status?: unknown }).status ?? 500);
  if (status < 500) return sendProblem(response, new Problem(status, 'invalid', 'The request is malformed.'));
  console.error(`sandbox: ${error instanceof Error ? error.message : 'unknown error'}`);
  sendProblem(response, new Problem(500, 'internal', 'The sandbox failed. See its log.'));
};
