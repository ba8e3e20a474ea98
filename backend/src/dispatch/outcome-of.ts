import type { PauseReason } from '../../../contract/campaign.ts';
import type { GatewayAnswer } from './gateway.ts';
import type { Outcome } from './record.ts';

/** Tries at one message, counting only those a provider turned away for later. */
export const MAX_ATTEMPTS = 5;

export interface Verdict {
  outcome: Pick<Outcome, 'state' | 'attempt' | 'reason' | 'detail' | 'sentAt' | 'providerId'>;
  /** Not null: the message waits this long and goes out again. */
  againAfterMs: number | null;
  /** The whole campaign waits this long. */
  slowMs: number | null;
  stop: { reason: PauseReason; detail: string } | null;
}

/**
 * What a provider's answer means for a message: pure, so that every case stands in one table of tests.
 *
 * @param attempt tries used up before this one
 * @param honoursKeys whether asking again with the same key is harmless
 * @param sentAt when it was handed over, ms since 1970
 */
export function verdictOf(
  answer: GatewayAnswer,
  attempt: number,
  honoursKeys: boolean,
  sentAt: number,
): Verdict {
  const waiting = {
    state: 'queued' as const,
    attempt,
    reason: null,
    detail: null,
    sentAt: null,
    providerId: null,
  };
  const verdict: Verdict = { outcome: waiting, againAfterMs: null, slowMs: null, stop: null };
  switch (answer.kind) {
    case 'accepted':
      return { ...verdict, outcome: { ...waiting, state: 'sent', sentAt, providerId: answer.providerId } };
    case 'refused':
      return {
        ...verdict,
        outcome: { ...waiting, state: 'failed', reason: answer.reason, detail: answer.detail, sentAt },
      };
    case 'later':
      return tryAgain(verdict, attempt + 1, answer.afterMs, 'failed', 'gave_up', answer.detail);
    case 'no_answer':
      return honoursKeys
        ? tryAgain(verdict, attempt + 1, backOff(attempt), 'unknown', 'no_answer', answer.detail, sentAt)
        : {
            ...verdict,
            outcome: { ...waiting, state: 'unknown', reason: 'no_answer', detail: answer.detail, sentAt },
          };
    case 'not_sent':
      return { ...verdict, againAfterMs: backOff(attempt), slowMs: backOff(attempt) };
    case 'slow':
      return { ...verdict, againAfterMs: answer.afterMs, slowMs: answer.afterMs };
    case 'stop':
      return { ...verdict, againAfterMs: 0, stop: { reason: answer.reason, detail: answer.detail } };
  }
}

/** 1, 2, 4, 8, … seconds. */
export function backOff(attempt: number): number {
  return Math.min(60_000, 1000 * 2 ** attempt);
}

function tryAgain(
  verdict: Verdict,
  attempt: number,
  afterMs: number,
  finalState: 'failed' | 'unknown',
  reason: string,
  detail: string,
  sentAt: number | null = null,
): Verdict {
  if (attempt < MAX_ATTEMPTS) {
    return { ...verdict, outcome: { ...verdict.outcome, attempt }, againAfterMs: afterMs };
  }
  return { ...verdict, outcome: { ...verdict.outcome, state: finalState, attempt, reason, detail, sentAt } };
}
