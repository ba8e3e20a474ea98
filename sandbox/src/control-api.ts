import { Router, type Request } from 'express';
import type { Template } from '../../contract/channel.ts';
import type { HostChannel } from '../../contract/host-api.ts';
import type { Catalogue } from './catalogue.ts';
import { instant, now } from './clock.ts';
import type { Conversations } from './conversations.ts';
import type { Customers } from './customers.ts';
import type { Events } from './events.ts';
import type { Identity } from './identity.ts';
import type { Installs } from './installs.ts';
import type { Ledger } from './ledger.ts';
import { Problem } from './problem.ts';
import type { SettingsBox } from './settings.ts';
import { findTenant } from './tenants.ts';
import type { Tokens } from './tokens.ts';
import { messageView, phonesView, rmoView } from './conversations-view.ts';
import type { Webhooks } from './webhooks.ts';

export interface ControlParts {
  identity: Identity;
  installs: Installs;
  tokens: Tokens;
  settings: SettingsBox;
  catalogue: Catalogue;
  ledger: Ledger;
  conversations: Conversations;
  customers: Customers;
  events: Events;
  webhooks: Webhooks;
}

/** `/sandbox/*`: what the sandbox's own pages and the tests steer it by. No part of the host contract. */
export function controlApi(parts: ControlParts): Router {
  const { identity, installs, tokens, settings, catalogue, ledger, conversations, customers } = parts;
  const router = Router();

  router.get('/installation', (request, response) => {
    const { state, card, sequence, installation } = identity.tenant(tenantOf(request.query));
    response.json({ state, card, sequence, installation_id: installation?.id ?? null });
  });
  router.post('/:action', async (request, response, next) => {
    const action = (['install', 'enable', 'disable', 'update', 'rotate', 'uninstall'] as const).find(
      (a) => a === request.params.action,
    );
    if (!action) return next();
    const tenant = tenantOf(request.body);
    await installs[action](tenant);
    response.json({ state: identity.tenant(tenant).state });
  });
  router.post('/token', (request, response) => {
    const { user, role } = request.body as { user?: string; role?: string };
    response.json(tokens.session(tenantOf(request.body), { user: user ?? 'user-1', role }));
  });
  router.post('/card', (request, response) => {
    const { name, state } = request.body as Record<string, unknown>;
    const text = (value: unknown) => (typeof value === 'string' ? value.slice(0, 200) : null);
    identity.change(tenantOf(request.body), { card: { name: text(name), state: text(state) } });
    response.status(204).end();
  });

  router.get('/settings', (_request, response) => {
    response.json(settings.get());
  });
  router.put('/settings', (request, response) => {
    response.json(settings.patch(request.body));
  });
  router.delete('/settings', (_request, response) => {
    response.json(settings.reset());
  });
  router.put('/channels', (request, response) => {
    response.json(changeChannel(parts, tenantOf(request.body), request.body as ChannelChange));
  });
  router.put('/templates', (request, response) => {
    response.json(changeTemplate(parts, tenantOf(request.body), request.body as Partial<Template>));
  });

  router.get('/ledger', (request, response) => {
    const entries = ledger.entries(optional(request, 'tenant'), optional(request, 'campaign_ref'));
    const offset = Number(optional(request, 'offset') ?? 0);
    const limit = Math.min(Number(optional(request, 'limit') ?? 1000), 10_000);
    const data = entries.slice(offset, offset + limit).map((record) => messageView(record, catalogue));
    const end = offset + data.length;
    response.json({ data, total: entries.length, next_offset: end < entries.length ? end : null });
  });
  router.get('/ledger/stats', (request, response) => {
    response.json(ledger.stats(optional(request, 'tenant'), optional(request, 'campaign_ref')));
  });
  router.get('/webhooks/stats', (_request, response) => {
    response.json(parts.webhooks.stats());
  });

  router.get('/phones', (request, response) => {
    response.json(phonesView(parts, tenantOf(request.query), optional(request, 'search') ?? ''));
  });
  router.post('/reply', (request, response) => {
    const { phone, channel_id, text, quote } = request.body as Record<string, unknown>;
    const inbound = customers.reply({
      tenant: tenantOf(request.body),
      phone: String(phone ?? ''),
      channel_id: typeof channel_id === 'string' ? channel_id : undefined,
      text: String(text ?? ''),
      quote: quote === true,
    });
    response.status(201).json({ id: inbound.id, at: instant(inbound.at) });
  });
  router.get('/chats', (request, response) => {
    response.json(rmoView(parts, tenantOf(request.query)));
  });
  router.post('/chats/:id/answer', (request, response) => {
    const chat = conversations.findChat(tenantOf(request.body), request.params.id);
    const { text } = request.body as { text?: unknown };
    if (!chat) throw new Problem(404, 'chat_unknown', 'There is no such chat.');
    if (typeof text !== 'string' || text.trim() === '')
      throw new Problem(422, 'text_required', 'Write an answer.');
    conversations.answer(chat, text);
    response.status(201).json({ id: chat.id });
  });
  return router;
}

/** `limits` null: none any more. */
type ChannelChange = Partial<Pick<HostChannel, 'id' | 'status'>> & { limits?: HostChannel['limits'] | null };

function changeChannel({ catalogue }: ControlParts, tenant: string, change: ChannelChange): HostChannel {
  const { id = '', status, limits } = change;
  if (limits && !(typeof limits.per_second === 'number' && limits.per_second > 0))
    throw new Problem(422, 'limits_invalid', 'limits.per_second is a number above zero.');
  const channel = catalogue.setChannel(tenant, id, status === undefined ? {} : { status });
  if (limits === null) delete channel.limits;
  else if (limits) channel.limits = { per_second: limits.per_second };
  return channel;
}

/** As an editor or WhatsApp itself would: the integration hears of it by webhook. */
function changeTemplate(parts: ControlParts, tenant: string, change: Partial<Template>): Template {
  const { id = '', ...fields } = change;
  const allowed = Object.entries(fields).filter(([name]) =>
    ['status', 'version', 'body', 'variables'].includes(name),
  );
  const template = parts.catalogue.setTemplate(tenant, id, Object.fromEntries(allowed));
  for (const channel of parts.catalogue.channelsOf(tenant)) {
    if (channel.type !== 'whatsapp') continue;
    const event = { kind: 'template', id, channel: channel.id, status: template.status, at: now() } as const;
    parts.events.add(tenant, event);
    parts.webhooks.send(tenant, event);
  }
  return template;
}

function tenantOf(from: unknown): string {
  const tenant = findTenant((from as { tenant?: unknown } | undefined)?.tenant);
  if (!tenant) throw new Problem(404, 'tenant_unknown', 'There is no such account.');
  return tenant.id;
}

function optional(request: Request, name: string): string | undefined {
  const value = request.query[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
