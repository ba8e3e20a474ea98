/** What is wrong with a run that goes on by itself, and is worth a word: a pause has a notice of its own. */
import type { RowAccount } from '../../../contract/message-states.ts';
import { handedOver } from './account.ts';

export interface Trouble {
  kind: 'failed' | 'unknown';
  count: number;
  /** Of what was handed over, 0–1. */
  part: number;
}

/** Fewer failures than this are the usual dead numbers of any list. */
const FAILED_PART = 0.05;
/** Of fewer messages no part says anything. */
const FAILED_OF = 20;

export function troublesOf(account: RowAccount): Trouble[] {
  const all = handedOver(account);
  const troubles: Trouble[] = [];
  const part = (count: number) => (all === 0 ? 0 : count / all);
  if (all >= FAILED_OF && part(account.failed) >= FAILED_PART)
    troubles.push({ kind: 'failed', count: account.failed, part: part(account.failed) });
  if (account.unknown > 0)
    troubles.push({ kind: 'unknown', count: account.unknown, part: part(account.unknown) });
  return troubles;
}
