import * as v from 'valibot';

/** Wrong at the host, in words for who builds it. */
export class Fault extends Error {}

export function must(condition: unknown, words: string): asserts condition {
  if (!condition) throw new Fault(words);
}

/** Where a value is not of its schema, and how. */
export function dotted([wrong]: readonly v.BaseIssue<unknown>[] = []): string {
  return wrong ? `${v.getDotPath(wrong) ?? ''}: ${wrong.message}` : '';
}
