import { Injectable } from '@nestjs/common';
import type { HostMessageAccepted, HostMessageRequest, HostProblem } from '../../../../contract/host-api.ts';
import { ProblemError } from '../../errors.ts';
import type { Gateway, GatewayAnswer, OutboundMessage } from '../../dispatch/gateway.ts';
import { gatewayAnswer, retryAfterMs } from './host-answers.ts';
import { HostClient, neverLeft } from './host-client.ts';

/** Messages through the host's own channels. The host honours `Idempotency-Key`, so a repeat is harmless. */
@Injectable()
export class HostGateway implements Gateway {
  readonly honoursKeys = true;

  constructor(private readonly client: HostClient) {}

  async send(message: OutboundMessage): Promise<GatewayAnswer> {
    try {
      const access = await this.client.access(message.accountId);
      const answer = await this.client.call(
        access,
        'POST',
        '/v1/messages',
        bodyOf(message),
        message.reference,
      );
      if (answer.status === 202 || answer.status === 200) return accepted(answer.body);
      const problem = (answer.body ?? {}) as Partial<HostProblem>;
      return gatewayAnswer({
        status: answer.status,
        code: problem.code ?? null,
        detail: problem.detail ?? null,
        retryAfterMs: retryAfterMs(answer.retryAfter, Date.now()),
      });
    } catch (error) {
      if (error instanceof ProblemError) {
        return { kind: 'stop', reason: 'installation_disabled', detail: error.code };
      }
      const detail = String((error as { code?: unknown }).code ?? (error as Error).name);
      return neverLeft(error) ? { kind: 'not_sent', detail } : { kind: 'no_answer', detail };
    }
  }
}

function accepted(body: unknown): GatewayAnswer {
  const { id } = (body ?? {}) as Partial<HostMessageAccepted>;
  return typeof id === 'string'
    ? { kind: 'accepted', providerId: id }
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
