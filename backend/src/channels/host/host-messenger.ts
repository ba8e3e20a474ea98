import { Injectable } from '@nestjs/common';
import * as v from 'valibot';
import type {
  HostChannel,
  HostChatRequest,
  HostMessageAccepted,
  HostMessageRequest,
  HostProblem,
} from '../../../../contract/host-api.ts';
import { ProblemError } from '../../errors.ts';
import type { GatewayAnswer, Leave, LookUp, OutboundMessage } from '../../dispatch/gateway.ts';
import { cleanText, gatewayAnswer, retryAfterMs } from './host-answers.ts';
import type { Exchange, HostRequest, HostResponse } from './exchange.ts';
import { noAnswer, troubleOf, type Messenger } from '../messenger.ts';
import { HostClient, neverLeft } from './host-client.ts';

/** Messages through the host's own channels. The host honours `Idempotency-Key`, so a repeat is harmless. */
@Injectable()
export class HostMessenger implements Messenger {
  readonly honoursKeys = true;

  constructor(private readonly client: HostClient) {}

  async send(message: OutboundMessage, leave: Leave): Promise<GatewayAnswer> {
    let exchange: Exchange | null = null;
    try {
      const access = await this.client.access(message.accountId);
      exchange = this.client.begin(access, new MessageRequest(message, leave));
      return answerOf(await exchange.answer);
    } catch (error) {
      return failureOf(error, exchange?.hasLeft ?? false);
    }
  }

  /** A host that takes no messages has no such list, and so no channels. */
  async channels(accountId: number): Promise<HostChannel[]> {
    try {
      return (await this.client.get<{ data: HostChannel[] }>(accountId, '/v1/channels')).data;
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'not_found') return [];
      throw error;
    }
  }

  async templates(accountId: number, channelId: string): Promise<unknown[]> {
    const path = `/v1/templates?channel_id=${encodeURIComponent(channelId)}`;
    return (await this.client.get<{ data: unknown[] }>(accountId, path)).data;
  }

  async openChat(accountId: number, body: HostChatRequest): Promise<string> {
    const access = await this.client.access(accountId);
    const idempotencyKey = `chat:${body.reply.id}`;
    const request = { method: 'POST', path: '/v1/chats', body, idempotencyKey } as const;
    const { status, body: opened } = await this.client.begin(access, request).answer.catch(noAnswer);
    const { id } = (opened ?? {}) as { id?: unknown };
    if ((status === 200 || status === 201) && typeof id === 'string') return id;
    throw troubleOf(status);
  }

  async lookUp({ accountId, reference }: { accountId: number; reference: string }): Promise<LookUp> {
    try {
      const access = await this.client.access(accountId);
      const path = `/v1/messages?client_ref=${encodeURIComponent(reference)}`;
      const { status, body } = await this.client.begin(access, { method: 'GET', path }).answer;
      return status === 200 ? foundIn(body, reference) : { kind: 'cannot_tell' };
    } catch {
      return { kind: 'cannot_tell' };
    }
  }
}

function answerOf({ status, body, retryAfter }: HostResponse): GatewayAnswer {
  if (status === 202 || status === 200) return accepted(body);
  const problem = (body ?? {}) as Partial<HostProblem>;
  return gatewayAnswer({
    status,
    code: cleanText(problem.code),
    detail: cleanText(problem.detail),
    retryAfterMs: retryAfterMs(retryAfter, Date.now()),
  });
}

const STATUSES = ['queued', 'sent', 'failed', 'delivered', 'read'] as const;

const FoundSchema = v.object({
  data: v.array(v.object({ id: v.string(), client_ref: v.string(), status: v.picklist(STATUSES) })),
});

/** Of several with one reference the furthest counts. Others than the one asked for: the host did not look for it. */
export function foundIn(body: unknown, reference: string): LookUp {
  const parsed = v.safeParse(FoundSchema, body);
  if (!parsed.success) return { kind: 'cannot_tell' };
  const { data } = parsed.output;
  if (data.length === 0) return { kind: 'not_known' };
  const [found] = data
    .filter(({ client_ref }) => client_ref === reference)
    .sort((a, b) => STATUSES.indexOf(b.status) - STATUSES.indexOf(a.status));
  const providerId = cleanText(found?.id);
  if (!found || providerId === null || providerId !== found.id) return { kind: 'cannot_tell' };
  return { kind: 'known', providerId, state: found.status === 'queued' ? 'sent' : found.status };
}

/** @param left whether something of the request may have been written */
export function failureOf(error: unknown, left: boolean): GatewayAnswer {
  if (error instanceof ProblemError) {
    return { kind: 'stop', reason: 'installation_disabled', detail: error.code };
  }
  const { code, name } = error as { code?: unknown; name?: unknown };
  const detail = String(typeof code === 'string' ? code : name);
  if (left) return { kind: 'no_answer', detail };
  // Its time was up while it waited for a connection, or the database did not tell whom to call.
  return neverLeft(error) ? { kind: 'not_sent', detail } : { kind: 'late' };
}

function accepted(body: unknown): GatewayAnswer {
  const { id } = (body ?? {}) as Partial<HostMessageAccepted>;
  const providerId = cleanText(id);
  return providerId !== null && providerId === id
    ? { kind: 'accepted', providerId }
    : { kind: 'no_answer', detail: 'no id in the answer' };
}

/** Thousands may wait for their turn, and what is to be written is asked for when it has come: until then this is all. */
class MessageRequest implements HostRequest {
  constructor(
    private readonly message: OutboundMessage,
    readonly leave: Leave,
  ) {}

  get method() {
    return 'POST' as const;
  }

  get path(): string {
    return '/v1/messages';
  }

  get idempotencyKey(): string {
    return this.message.reference;
  }

  get body(): HostMessageRequest {
    return bodyOf(this.message);
  }
}

function bodyOf(message: OutboundMessage): HostMessageRequest {
  const { content } = message;
  return {
    channel_id: message.channelId,
    to: { type: 'phone', value: message.phone },
    ...(content.kind === 'text'
      ? { text: content.text }
      : {
          template: {
            id: content.template.id,
            version: content.template.version,
            locale: content.template.locale,
            variables: content.variables,
          },
        }),
    client_ref: message.reference,
    campaign_ref: message.campaignReference,
  };
}
