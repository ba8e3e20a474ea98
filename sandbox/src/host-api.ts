import { setTimeout as sleep } from 'node:timers/promises';
import { Router, type Request, type Response } from 'express';
import type {
  HostChatRequest,
  HostMessage,
  HostMessageAccepted,
  HostMessageRequest,
} from '../../contract/host-api.ts';
import type { Catalogue } from './catalogue.ts';
import type { Chance } from './chance.ts';
import { ChannelTraffic } from './channel-traffic.ts';
import type { Conversations } from './conversations.ts';
import type { Customers } from './customers.ts';
import type { Events } from './events.ts';
import type { Identity } from './identity.ts';
import { messageId, type Accepted, type Ledger } from './ledger.ts';
import { Problem, sendProblem } from './problem.ts';
import type { Receipts } from './receipts.ts';
import { checkMessage, checkReplay, misbehave, printOf } from './sending.ts';
import type { SettingsBox } from './settings.ts';

/** The most events in one answer, whatever was asked for. */
const EVENTS_AT_ONCE = 200;

export interface HostApiParts {
  identity: Identity;
  settings: SettingsBox;
  chance: Chance;
  catalogue: Catalogue;
  ledger: Ledger;
  conversations: Conversations;
  receipts: Receipts;
  customers: Customers;
  events: Events;
}

/** The messaging API of contract/host-api.ts: what the integration calls with its access token. */
export function hostApi(parts: HostApiParts): Router {
  const { identity, settings, catalogue, ledger, conversations, events } = parts;
  const router = Router();

  router.use((request, response, next) => {
    const token = /^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
    const tenant = token && identity.byAccessToken(token);
    const state = tenant && identity.tenant(tenant).state;
    if (!tenant || state === 'uninstalled')
      throw new Problem(401, 'unauthorized', 'The access token is not valid.');
    if (state === 'disabled') throw new Problem(403, 'unauthorized', 'The integration is switched off.');
    response.locals.tenant = tenant;
    next();
  });

  router.get('/channels', async (_request, response) => {
    await latency(settings);
    response.json({ data: catalogue.channelsOf(tenantOf(response)) });
  });

  router.get('/templates', async (request, response) => {
    await latency(settings);
    const channel = queryText(request, 'channel_id');
    if (channel !== undefined && !catalogue.channel(tenantOf(response), channel)) {
      throw new Problem(404, 'channel_unknown', 'There is no such channel.');
    }
    response.json({ data: catalogue.templatesOf(tenantOf(response), channel) });
  });

  router.get('/messages', async (request, response) => {
    await latency(settings);
    const ref = queryText(request, 'client_ref');
    if (ref === undefined) throw new Problem(400, 'invalid', 'client_ref is required.');
    const record = ledger.findByRef(tenantOf(response), ref);
    const data: HostMessage[] = record ? [{ ...answerOf(record), status: record.status }] : [];
    response.json({ data });
  });

  router.post('/messages', messageHandler(parts));

  router.post('/chats', async (request, response) => {
    await latency(settings);
    const tenant = tenantOf(response);
    const key = idempotencyKey(request);
    const body = request.body as HostChatRequest;
    const known = conversations.findChatByKey(tenant, key);
    if (known) {
      checkReplay(printOf(known.request), body);
      response.status(201).setHeader('Idempotency-Replayed', 'true').json({ id: known.id });
      return;
    }
    checkChat(tenant, body, catalogue);
    response.status(201).json({ id: conversations.openChat(tenant, key, body).id });
  });

  router.get('/events', async (request, response) => {
    await latency(settings);
    const limit = Number(queryText(request, 'limit') ?? EVENTS_AT_ONCE);
    if (!Number.isInteger(limit) || limit < 1)
      throw new Problem(400, 'invalid', 'limit is a whole number above zero.');
    const page = events.read(
      tenantOf(response),
      queryText(request, 'after'),
      Math.min(limit, EVENTS_AT_ONCE),
    );
    if (!page) throw new Problem(410, 'cursor_unknown', 'There is no such place in the events any more.');
    response.json(page);
  });

  router.use(() => {
    throw new Problem(404, 'not_found', 'The messaging API has no such address.');
  });
  return router;
}

function messageHandler({ settings, chance, catalogue, ledger, receipts, customers }: HostApiParts) {
  /** Accepted, but not answered yet: the same key meanwhile is a conflict. */
  const answering = new Set<Accepted>();
  const traffic = new ChannelTraffic();

  return async (request: Request, response: Response): Promise<void> => {
    const tenant = tenantOf(response);
    const body = request.body as HostMessageRequest;
    let record: Accepted;
    try {
      const key = idempotencyKey(request);
      const { silentShare, honourKeys, holdLimits } = settings.get();
      if (chance.next('silent') < silentShare) return;
      misbehave(body, settings, chance);
      if (holdLimits) traffic.admit(tenant, catalogue.channel(tenant, body.channel_id), performance.now());
      const known = honourKeys ? ledger.findByKey(tenant, key) : undefined;
      if (known) {
        checkReplay(known.print, body);
        if (answering.has(known))
          throw new Problem(409, 'idempotency_conflict', 'The first is still running.', 1);
        ledger.replay(known);
        await latency(settings);
        response.status(202).setHeader('Idempotency-Replayed', 'true').json(answerOf(known));
        return;
      }
      record = ledger.accept(checkMessage(tenant, key, body, catalogue));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      await latency(settings);
      sendProblem(response, error);
      return;
    }
    receipts.plan(record);
    customers.plan(record);
    const { resetAfterAccept, hangAfterAccept } = settings.get();
    answering.add(record);
    await latency(settings);
    answering.delete(record);
    if (chance.of(record.key, 'reset') < resetAfterAccept) request.socket.destroy();
    else if (chance.of(record.key, 'hang') >= hangAfterAccept) response.status(202).json(answerOf(record));
  };
}

function checkChat(tenant: string, body: HostChatRequest, catalogue: Catalogue): void {
  const texts = [body?.phone, body?.campaign?.name, body?.message?.text, body?.reply?.id, body?.reply?.text];
  if (texts.some((text) => typeof text !== 'string')) {
    throw new Problem(400, 'invalid', 'phone, campaign, message and reply are required.');
  }
  if (!catalogue.channel(tenant, body.channel_id)) {
    throw new Problem(422, 'channel_unknown', 'There is no such channel.');
  }
}

function answerOf(record: Accepted): HostMessageAccepted {
  return { id: messageId(record), client_ref: record.ref, status: 'queued' };
}

function tenantOf(response: Response): string {
  return response.locals.tenant as string;
}

function idempotencyKey(request: Request): string {
  const key = request.get('Idempotency-Key');
  if (!key || key.length > 255)
    throw new Problem(400, 'idempotency_key_required', 'Send an Idempotency-Key.');
  return key;
}

function queryText(request: Request, name: string): string | undefined {
  const value = request.query[name];
  return typeof value === 'string' ? value : undefined;
}

async function latency(settings: SettingsBox): Promise<void> {
  const { latencyMs } = settings.get();
  if (latencyMs > 0) await sleep(latencyMs);
}
