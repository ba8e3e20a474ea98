import type { MessageState } from './message-states.ts';

/** Messages of a run that ended alike. */
export interface MessageGroup {
  state: MessageState;
  reason: string | null;
}

/** May have got the message: writing again is at the risk of a second one. */
export function mayHaveIt({ state }: Pick<MessageGroup, 'state'>): boolean {
  return state === 'sent' || state === 'unknown';
}

/** Whether a Restart may write to such a group again; a person who has opted out is never asked about. */
export function mayWriteAgain({ state, reason }: MessageGroup): boolean {
  return (state === 'failed' || mayHaveIt({ state })) && reason !== 'recipient_opted_out';
}
