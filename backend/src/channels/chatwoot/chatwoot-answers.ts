import * as v from 'valibot';
import type { GatewayAnswer } from '../../dispatch/gateway.ts';
import type { HostResponse } from '../host/exchange.ts';
import { cleanText, retryAfterMs } from '../host/host-answers.ts';
import { ConversationSchema, wordsOf } from './chatwoot-says.ts';

/** What was found out before anything left. */
export class Decided extends Error {
  constructor(readonly answer: GatewayAnswer) {
    super(answer.kind);
  }
}

export function refused(reason: string, detail: string | null): GatewayAnswer {
  return { kind: 'refused', reason, detail, again: false };
}

/** Of the request that takes the message. It is one transaction: what is answered by 200 is there, all else is not. */
export function answerOf({ status, body, retryAfter }: HostResponse): GatewayAnswer {
  const detail = cleanText(wordsOf(body)) ?? `HTTP ${status}`;
  if (status === 200) {
    const conversation = v.safeParse(ConversationSchema, body);
    return conversation.success
      ? { kind: 'accepted', providerId: String(conversation.output.id) }
      : { kind: 'no_answer', detail: 'no id in the answer' };
  }
  if (status === 401 || status === 403) return { kind: 'stop', reason: 'credentials', detail };
  if (status === 404) return { kind: 'not_sent', detail };
  if (status === 429) return { kind: 'slow', afterMs: retryAfterMs(retryAfter, Date.now()) ?? 1000 };
  return status >= 500 ? { kind: 'no_answer', detail } : refused('refused', detail);
}
