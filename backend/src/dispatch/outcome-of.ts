import type { PauseReason } from '../../../contract/campaign.ts';
import type { GatewayAnswer } from './gateway.ts';
import type { Outcome } from './record.ts';

/** Tries at one message, counting only those a provider turned away for later. */
export const MAX_ATTEMPTS = 5;

/** A provider that asks for a longer pause is asked again after this: its clock or its unit may be wrong. */
export const LONGEST_PAUSE_MS = 5 * 60_000;

export interface Verdict {
  outcome: Pick<Outcome, 'state' | 'attempt' | 'inDoubt' | 'reason' | 'detail' | 'sentAt' | 'providerId'>;
  /** Not null: the message waits this long and goes out again. */
  againAfterMs: number | null;
  stop: { reason: PauseReason; detail: string } | null;
}

/** What was true of a message before it was handed over. */
export interface Tried {
  /** Tries used up. */
  attempt: number;
  /** It may have left once already. */
  inDoubt: boolean;
  /** Nobody gets through its channel. */
  channelIsOutOfOrder?: boolean;
}

/**
 * What a provider's answer means for a message: pure, so that every case stands in one table of tests.
 *
 * @param honoursKeys whether asking again with the same key is harmless
 * @param sentAt when it was handed over, ms since 1970
 */
export function verdictOf(
  answer: GatewayAnswer,
  { attempt, inDoubt, channelIsOutOfOrder = false }: Tried,
  honoursKeys: boolean,
  sentAt: number,
): Verdict {
  const waiting = {
    state: 'queued' as const,
    attempt,
    inDoubt,
    reason: null,
    detail: null,
    sentAt: null,
    providerId: null,
  };
  const verdict: Verdict = { outcome: waiting, againAfterMs: null, stop: null };
  const unknown = { ...waiting, state: 'unknown' as const, inDoubt: true, reason: 'no_answer', sentAt };
  switch (answer.kind) {
    case 'accepted':
      return { ...verdict, outcome: { ...waiting, state: 'sent', sentAt, providerId: answer.providerId } };
    case 'refused':
      return {
        ...verdict,
        outcome: { ...waiting, state: 'failed', reason: answer.reason, detail: answer.detail, sentAt },
      };
    case 'later': {
      // Given up for the provider's own trouble, a whole file would be lost within minutes.
      if (channelIsOutOfOrder) return again(verdict, answer.afterMs);
      if (attempt + 1 < MAX_ATTEMPTS) return again(verdict, answer.afterMs, { attempt: attempt + 1 });
      const { detail } = answer;
      // An earlier hand-over was never answered: that it failed would be a guess.
      const final = inDoubt ? unknown : { ...waiting, state: 'failed' as const, reason: 'gave_up' };
      return { ...verdict, outcome: { ...final, attempt: attempt + 1, detail } };
    }
    case 'no_answer':
      return honoursKeys && attempt + 1 < MAX_ATTEMPTS
        ? again(verdict, backOff(attempt), { attempt: attempt + 1, inDoubt: true })
        : { ...verdict, outcome: { ...unknown, attempt: attempt + 1, detail: answer.detail } };
    case 'not_sent':
      return again(verdict, backOff(attempt));
    case 'late':
      return again(verdict, 0);
    case 'slow':
      return again(verdict, answer.afterMs);
    case 'stop':
      return { ...again(verdict, 0), stop: { reason: answer.reason, detail: answer.detail } };
  }
}

/** 1, 2, 4, 8, … seconds. */
export function backOff(attempt: number): number {
  return Math.min(60_000, 1000 * 2 ** attempt);
}

function again(verdict: Verdict, afterMs: number, tried: Partial<Tried> = {}): Verdict {
  return {
    ...verdict,
    outcome: { ...verdict.outcome, ...tried },
    againAfterMs: Math.min(LONGEST_PAUSE_MS, afterMs),
  };
}
