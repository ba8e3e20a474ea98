/** What is wrong with a run that goes on by itself, and is worth a word: a pause has a notice of its own. */
import type { RowAccount } from '../../../contract/message-states.ts';
import { handedOver } from './account.ts';

export interface Trouble {
  kind: 'failed' | 'unknown';
  count: number;
  /** Of what was tried, 0–1. */
  part: number;
}

/** Fewer failures than this are the usual dead numbers of any list. */
const FAILED_PART = 0.05;
/** Of fewer messages only a large part says anything, and while more are to come not that of one or two. */
const FAILED_OF = 20;
const LARGE_PART = 0.5;
const FAILED_FIRST = 3;

/** @param isOver nothing is to come that could make it look better */
export function failsOften(failed: number, all: number, isOver: boolean): boolean {
  const isLarge = failed >= LARGE_PART * all && failed >= (isOver ? 1 : FAILED_FIRST);
  return isLarge || (all >= FAILED_OF && failed >= FAILED_PART * all);
}

export function troublesOf(account: RowAccount): Trouble[] {
  const all = handedOver(account);
  const troubles: Trouble[] = [];
  const part = (count: number) => (all === 0 ? 0 : count / all);
  if (failsOften(account.failed, all, account.queued + account.sending === 0))
    troubles.push({ kind: 'failed', count: account.failed, part: part(account.failed) });
  if (account.unknown > 0)
    troubles.push({ kind: 'unknown', count: account.unknown, part: part(account.unknown) });
  return troubles;
}
