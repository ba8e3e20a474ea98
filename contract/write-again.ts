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

/** Of the row and the text themselves: tried again, no message can be made of it either. */
export const UNMAKEABLE = ['empty_variable', 'sms_too_long'] as const;
export type Unmakeable = (typeof UNMAKEABLE)[number];

const NEVER: readonly (string | null)[] = ['recipient_opted_out', ...UNMAKEABLE];

/** Whether a Restart may write to such a group again; a person who has opted out is never asked about. */
export function mayWriteAgain({ state, reason }: MessageGroup): boolean {
  return (state === 'failed' || mayHaveIt({ state })) && !NEVER.includes(reason);
}
