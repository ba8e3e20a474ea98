import type { ProblemCode } from '../../../../contract/problems.ts';
import { ProblemError, type ProblemParams } from '../../errors.ts';

/** What can be wrong with a file as a whole; a single row that is wrong is refused instead. */
export type ListProblemCode = Extract<
  ProblemCode,
  | 'file_empty'
  | 'file_not_csv'
  | 'file_unreadable'
  | 'phone_column_missing'
  | 'phone_column_unknown'
  | 'no_valid_rows'
  | 'correction_row_missing'
  | 'correction_phone_missing'
  | 'correction_of_other_list'
>;

export class ListProblem extends ProblemError {
  declare readonly code: ListProblemCode;

  constructor(code: ListProblemCode, params: ProblemParams = {}) {
    super(code, params);
    this.name = 'ListProblem';
  }
}
