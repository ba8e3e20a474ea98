import { Injectable } from '@nestjs/common';
import type { HostMessageAccepted, HostMessageRequest, HostProblem } from '../../../../contract/host-api.ts';
import { ProblemError } from '../../errors.ts';
import type { Gateway, GatewayAnswer, Leave, OutboundMessage } from '../../dispatch/gateway.ts';
import { cleanText, gatewayAnswer, retryAfterMs } from './host-answers.ts';
import { HostClient, neverLeft, type HostResponse } from './host-client.ts';

/** Messages through the host's own channels. The host honours `Idempotency-Key`, so a repeat is harmless. */
@Injectable()
export class HostGateway implements Gateway {
  readonly honoursKeys = true;

  constructor(private readonly client: HostClient) {}

  async send(message: OutboundMessage, leave: Leave): Promise<GatewayAnswer> {
    let left = false;
    const leaving = () => (left ||= leave());
    try {
      const access = await this.client.access(message.accountId);
      const path = '/v1/messages';
      const answer = await this.client.call(
        access,
        'POST',
        path,
        bodyOf(message),
        message.reference,
        leaving,
      );
      return answerOf(answer);
    } catch (error) {
      return failureOf(error, left);
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

function failureOf(error: unknown, left: boolean): GatewayAnswer {
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
