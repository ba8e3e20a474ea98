import { createHash } from 'node:crypto';
import type { HostMessageRequest } from '../../contract/host-api.ts';
import type { Catalogue } from './catalogue.ts';
import type { Chance } from './chance.ts';
import type { NewAccepted } from './ledger.ts';
import { Problem } from './problem.ts';
import { STOP_CODES, type SettingsBox } from './settings.ts';

const E164 = /^\+[1-9]\d{6,14}$/;

/** @returns the message to keep @throws Problem where a host would refuse it */
export function checkMessage(
  tenant: string,
  key: string,
  body: HostMessageRequest,
  catalogue: Catalogue,
): NewAccepted {
  const { channel_id, to, text, template, client_ref, campaign_ref } = body;
  for (const [name, value] of Object.entries({ channel_id, client_ref, campaign_ref })) {
    if (typeof value !== 'string' || value === '') throw new Problem(400, 'invalid', `${name} is required.`);
  }
  const channel = catalogue.channel(tenant, channel_id);
  if (channel?.status !== 'active') {
    throw new Problem(403, 'sender_blocked', 'The channel does not exist, is disconnected or blocked.');
  }
  if (to?.type !== 'phone' || typeof to.value !== 'string' || !E164.test(to.value)) {
    throw new Problem(422, 'recipient_invalid', 'The phone must be in E.164: +79123456789.');
  }
  if (channel.type === 'sms') {
    if (typeof text !== 'string' || text === '' || template) {
      throw new Problem(400, 'invalid', 'An SMS has a text and no template.');
    }
  } else if (template) {
    checkTemplate(tenant, template, catalogue);
  } else {
    throw new Problem(422, 'template_mismatch', 'The first message of a WhatsApp chat must be a template.');
  }
  return {
    tenant,
    key,
    print: printOf(body),
    ref: client_ref,
    campaign: campaign_ref,
    channel: channel_id,
    phone: to.value,
    text: template ? null : text!,
    template: template ? { id: template.id, variables: template.variables } : null,
  };
}

/** Names a body in few bytes: what an idempotency key was used with. */
export function printOf(body: unknown): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('base64').slice(0, 16);
}

function checkTemplate(
  tenant: string,
  asked: NonNullable<HostMessageRequest['template']>,
  catalogue: Catalogue,
): void {
  const template = catalogue.template(tenant, asked.id);
  if (!template) throw new Problem(422, 'template_not_found', 'There is no such template.');
  if (template.status !== 'approved') {
    throw new Problem(422, 'template_paused', `The template is ${template.status}.`);
  }
  if (asked.version !== template.version || asked.locale !== template.locale) {
    throw new Problem(422, 'template_mismatch', 'The template has another version or language by now.');
  }
  const given = asked.variables ?? {};
  const keys = new Set(template.variables.map((variable) => variable.key));
  const missing = [...keys].filter((key) => typeof given[key] !== 'string' || given[key].trim() === '');
  const extra = Object.keys(given).filter((key) => !keys.has(key));
  if (missing.length > 0 || extra.length > 0) {
    const detail = `Missing or empty: ${missing.join(', ') || 'none'}; unknown: ${extra.join(', ') || 'none'}.`;
    throw new Problem(422, 'template_mismatch', detail);
  }
}

/** Refuses what the settings say must be refused. @throws Problem */
export function misbehave(body: HostMessageRequest, settings: SettingsBox, chance: Chance): void {
  const { stopCode, rate500, rate503, rate429, retryAfterSeconds, refuseShare } = settings.get();
  if (stopCode !== null) {
    throw new Problem(STOP_CODES[stopCode], stopCode, 'The sandbox is set to answer every send with this.');
  }
  if (chance.next('500') < rate500) throw new Problem(500, 'internal', 'The sandbox is set to fail.');
  if (chance.next('503') < rate503) {
    throw new Problem(503, 'unavailable', 'The sandbox is set to be unavailable.', retryAfterSeconds);
  }
  if (chance.next('429') < rate429) {
    throw new Problem(429, 'rate_limited', 'The sandbox is set to slow you down.', retryAfterSeconds);
  }
  if (chance.of(String(body.client_ref), 'refuse') < refuseShare) {
    throw new Problem(422, 'recipient_unreachable', 'Номер недоступен: абонент не принимает сообщения.');
  }
}

/** The same request again gives the same answer; a different one under its key does not. @throws Problem 422 */
export function checkReplay(print: string, body: unknown): void {
  if (print === printOf(body)) return;
  throw new Problem(422, 'idempotency_mismatch', 'This Idempotency-Key came with another body before.');
}
