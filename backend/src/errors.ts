import type { ProblemCode } from '../../contract/problems.ts';

export type ProblemParams = Record<string, string | number>;

export interface FieldError {
  field: string;
  code: string;
  params?: ProblemParams;
}

/**
 * The only error features throw on purpose: a code of `contract/problems.ts`, which holds its status and its
 * sentence in both languages. `error.filter.ts` turns it into a response.
 */
export class ProblemError extends Error {
  readonly code: ProblemCode;
  readonly params: ProblemParams;
  readonly errors: FieldError[];

  constructor(code: ProblemCode, params: ProblemParams = {}, errors: FieldError[] = []) {
    super(code);
    this.code = code;
    this.params = params;
    this.errors = errors;
  }
}
