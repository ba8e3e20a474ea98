import type { Template } from '../../../contract/channel.ts';
import type { PauseReason } from '../../../contract/campaign.ts';

/** What is handed to a provider. */
export interface OutboundMessage {
  accountId: number;
  channelId: string;
  /** E.164 with its plus. */
  phone: string;
  content:
    | { kind: 'text'; text: string }
    | { kind: 'template'; template: Template; variables: Record<string, string> };
  /** Our reference and idempotency key: account:campaign:run:position, never random. */
  reference: string;
  campaignReference: string;
}

/** What a provider may answer. */
export type GatewayAnswer =
  | { kind: 'accepted'; providerId: string }
  /** This recipient will not get it. `again`: a person may try once more later. */
  | { kind: 'refused'; reason: string; detail: string | null; again: boolean }
  /** Try this message later; uses up an attempt. */
  | { kind: 'later'; afterMs: number; detail: string }
  /** The channel is too fast; uses up nothing. */
  | { kind: 'slow'; afterMs: number }
  /** Going on would burn the list. */
  | { kind: 'stop'; reason: PauseReason; detail: string }
  /** The request certainly never left: the provider could not be reached. */
  | { kind: 'not_sent'; detail: string }
  /** It did not leave in time: `leave` said no, or was never asked because everything was busy. */
  | { kind: 'late' }
  /** It left, and no answer came: nobody knows. */
  | { kind: 'no_answer'; detail: string };

/**
 * Called at the last moment before a message is written to its provider, with a connection ready for it.
 * @returns false: it must not leave any more, its slot has passed or its campaign was halted
 */
export type Leave = () => boolean;

/** What a provider says when it is asked about a message by our reference. */
export type LookUp =
  | { kind: 'known'; providerId: string; state: 'sent' | 'delivered' | 'read' | 'failed' }
  /** It has no such message. No proof that it will never have: the request may still be on its way. */
  | { kind: 'not_known' }
  | { kind: 'cannot_tell' };

/** Who sends a run's messages. Kept with the run: what has left is judged by who took it. */
export const PROVIDERS = ['host', 'chatwoot'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** The port through which dispatch sends: one implementation a provider. It answers, it never throws. */
export interface Gateway {
  /** Whether the provider makes a repeat with the same reference harmless. */
  readonly honoursKeys: boolean;
  send(message: OutboundMessage, leave: Leave): Promise<GatewayAnswer>;
  /** What became of a message that was not answered, where the provider can be asked. It answers, it never throws. */
  lookUp?(message: Pick<OutboundMessage, 'accountId' | 'channelId' | 'reference'>): Promise<LookUp>;
}

export type Gateways = Readonly<Record<Provider, Gateway>>;

/** Of those who would take a repeat for a second message: what is about to be written to them is on disk before. */
export function withoutKeys(gateways: Gateways): Provider[] {
  return PROVIDERS.filter((provider) => !gateways[provider].honoursKeys);
}
