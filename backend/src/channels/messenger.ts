import type { HostChannel, HostChatRequest } from '../../../contract/host-api.ts';
import type { Gateway } from '../dispatch/gateway.ts';

/** What an account's messages go through: its host, or another system that it is connected to. */
export interface Messenger extends Gateway {
  /** @throws ProblemError installation_inactive, host_unavailable */
  channels(accountId: number): Promise<HostChannel[]>;
  /** As they come, still to be looked at one by one. @throws as `channels` */
  templates(accountId: number, channelId: string): Promise<unknown[]>;
  /**
   * The reply's id tells a repeat. @returns the chat's id
   * @throws MessengerTrouble, or another Error where this chat alone cannot be opened
   */
  openChat(accountId: number, chat: HostChatRequest): Promise<string>;
}

/** It cannot or will not answer at all now: the account's other chats need not be tried. */
export class MessengerTrouble extends Error {}

/** What the status of an answer means, where it is not the one that was wanted. */
export function troubleOf(status: number): Error {
  const what = `the host answered ${status}`;
  // What concerns the account or the moment; any other refusal concerns this chat.
  return status >= 500 || [401, 403, 429].includes(status) ? new MessengerTrouble(what) : new Error(what);
}

/** @throws MessengerTrouble in place of what kept the other side from answering */
export function noAnswer(error: unknown): never {
  const { code = '' } = error as { code?: unknown };
  throw new MessengerTrouble(`the host does not answer (${String(code)})`);
}
