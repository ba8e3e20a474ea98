/** Tests a host by its contract alone (docs/host/README.md), the way the product itself reads what it says. */
import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import * as v from 'valibot';
import { TemplateSchema } from '../../contract/channel.ts';
import { SESSION_TOKEN_TYPE, type HostChatRequest } from '../../contract/host-api.ts';
import { retryAfterMs } from '../src/channels/host/host-answers.ts';
import { foundIn } from '../src/channels/host/host-messenger.ts';
import type { HostKey } from '../src/host/host-keys.ts';
import { nameClaim, parseToken, verifyToken } from '../src/host/token.ts';
import { ReceiptSchema } from '../src/receipts/apply-receipts.ts';
import { EventSchema, PageSchema } from '../src/receipts/feed-page.ts';
import { ReplySchema } from '../src/receipts/replies.service.ts';
import { checkInstall, checkSecrets } from './check-install.ts';
import { checkAddress, checkFresh, checkHeight, checkInit, checkStranger } from './check-page.ts';
import { dotted, Fault, must } from './fault.ts';
import type { FrameReport, HeardWebhook, InstallCall } from './our-side.ts';

export interface HostUnderTest {
  level: 1 | 2 | 3;
  session: { token: string; issuer: string; audience: string; maxTtlSeconds: number; key: HostKey };
  /** Null: not looked at. */
  install: { key: HostKey; ourUrl: string; call(): Promise<InstallCall | null> } | null;
  /** What the frame saw of the page; null: not looked at. */
  page: (() => Promise<FrameReport | null>) | null;
  /** Needed from level 2 on. */
  api: { baseUrl: string; accessToken: string; webhookSecret: string } | null;
  /** An SMS channel that is active, and a phone that may be written to. */
  channel: string;
  phone: string;
  /** A channel with templates, for level 3. */
  templateChannel: string;
  fetch: typeof fetch;
  /** What arrived at our address so far that tells of this reference; waits for the first, or gives none. */
  heard(reference: string): Promise<HeardWebhook[]>;
  /** What arrived of answers to the message, for level 3: somebody at the phone writes one. */
  replied(): Promise<HeardWebhook[]>;
}

export interface Finding {
  level: 1 | 2 | 3;
  what: string;
  passed: boolean;
  /** What is wrong and what to do; the chapter of docs/host/README.md. */
  advice: string;
}

/** Each check is a fact about the host and the chapter that asks for it; what others found before is in `Talk`. */
interface Check {
  level: Finding['level'];
  what: string;
  chapter: string;
  check(talk: Talk): Promise<void>;
  /** What has to be looked at for it, where that may be left out. */
  needs?: 'install' | 'page';
}

const CHECKS: Check[] = [
  {
    level: 1,
    needs: 'install',
    what: 'the install call is signed and whole',
    chapter: '1',
    check: (talk) => talk.install(),
  },
  {
    level: 1,
    needs: 'install',
    what: 'its code gives the secrets, once',
    chapter: '1',
    check: (talk) => talk.secrets(),
  },
  { level: 1, what: 'the session token is one we take', chapter: '2', check: (talk) => talk.token() },
  {
    level: 1,
    needs: 'page',
    what: 'the page shows the frame at the right address',
    chapter: '2',
    check: (talk) => talk.address(),
  },
  {
    level: 1,
    needs: 'page',
    what: 'the frame is told who looks at it',
    chapter: '2',
    check: (talk) => talk.init(),
  },
  {
    level: 1,
    needs: 'page',
    what: 'a fresh token comes when it is asked for',
    chapter: '2',
    check: (talk) => talk.fresh(),
  },
  {
    level: 1,
    needs: 'page',
    what: 'a frame with another id is told nothing',
    chapter: '2',
    check: (talk) => talk.otherFrame(),
  },
  {
    level: 1,
    needs: 'page',
    what: 'the frame gets the height it asks for',
    chapter: '2',
    check: (talk) => talk.height(),
  },
  { level: 2, what: 'the channels are listed', chapter: '3', check: (talk) => talk.channels() },
  { level: 2, what: 'another access token is refused', chapter: '3', check: (talk) => talk.stranger() },
  { level: 2, what: 'a message is taken', chapter: '3', check: (talk) => talk.send() },
  { level: 2, what: 'the same key sends nothing twice', chapter: '3', check: (talk) => talk.repeat() },
  { level: 2, what: 'a key with another body is refused', chapter: '3', check: (talk) => talk.mismatch() },
  {
    level: 2,
    what: 'a number that is none is refused as such',
    chapter: '3',
    check: (talk) => talk.badPhone(),
  },
  { level: 2, what: 'a message is found by our reference', chapter: '3', check: (talk) => talk.lookUp() },
  {
    level: 2,
    what: 'its receipt arrives, signed, by webhook',
    chapter: '4',
    check: (talk) => talk.receipt(),
  },
  { level: 3, what: 'the templates are listed', chapter: '5', check: (talk) => talk.templates() },
  { level: 3, what: 'an answer arrives by webhook', chapter: '4', check: (talk) => talk.reply() },
  { level: 3, what: 'a chat is opened, and once', chapter: '5', check: (talk) => talk.chat() },
  { level: 3, what: 'the feed tells the same, oldest first', chapter: '4', check: (talk) => talk.feed() },
];

/** Everything up to the asked level, in order; a check that fails stops no other. */
export async function checkHost(host: HostUnderTest): Promise<Finding[]> {
  const talk = new Talk(host);
  const findings: Finding[] = [];
  const asked = CHECKS.filter(({ level, needs }) => level <= host.level && (!needs || host[needs] !== null));
  for (const { level, what, chapter, check } of asked) {
    const fault = await check(talk).then(
      () => null,
      (error: Error) => error.message,
    );
    const advice = fault === null ? '' : `${fault}. See chapter ${chapter} of docs/host/README.md`;
    findings.push({ level, what, passed: fault === null, advice });
  }
  return findings;
}

const ChannelsSchema = v.object({
  data: v.array(v.object({ id: v.string(), type: v.string(), name: v.string(), status: v.string() })),
});

interface Answer {
  status: number;
  body: Record<string, unknown>;
}

class Talk {
  private readonly reference = `host-check:${randomUUID()}`;
  private acceptedId: unknown = null;

  constructor(private readonly host: HostUnderTest) {}

  async install(): Promise<void> {
    const { key, ourUrl, call } = this.host.install!;
    checkInstall(await call(), key, this.host.session.issuer, ourUrl);
  }

  async secrets(): Promise<void> {
    checkSecrets(await this.host.install!.call());
  }

  async token(): Promise<void> {
    this.verifySession(this.host.session.token);
  }

  private readonly verifySession = (token: string): void => {
    const { key, issuer, audience, maxTtlSeconds } = this.host.session;
    const parsed = parseToken(token);
    const expect = { typ: SESSION_TOKEN_TYPE, issuer, audience, maxTtlSeconds };
    verifyToken(parsed, key, expect, Math.floor(Date.now() / 1000));
    for (const name of ['sub', 'tid', 'iid']) nameClaim(parsed.claims, name);
  };

  async address(): Promise<void> {
    checkAddress(await this.seen(), this.host.session.issuer);
  }

  async init(): Promise<void> {
    checkInit(await this.seen(), this.verifySession);
  }

  async fresh(): Promise<void> {
    checkFresh(await this.seen(), this.verifySession);
  }

  async otherFrame(): Promise<void> {
    checkStranger(await this.seen());
  }

  async height(): Promise<void> {
    checkHeight(await this.seen());
  }

  private async seen(): Promise<FrameReport> {
    const report = await this.host.page!();
    must(report, 'no frame of ours was shown: is our address yours, and did somebody open the page?');
    return report;
  }

  async channels(): Promise<void> {
    const { status, body } = await this.call('GET', '/v1/channels');
    must(status === 200, `GET /v1/channels answered ${status} in place of 200`);
    const read = v.safeParse(ChannelsSchema, body);
    must(read.success, `GET /v1/channels: every channel needs id, type, name and status`);
    const channel = read.output.data.find(({ id }) => id === this.host.channel);
    must(channel?.status === 'active', `the channel ${this.host.channel} is not listed as active`);
  }

  async stranger(): Promise<void> {
    const { status } = await this.call('GET', '/v1/channels', undefined, { authorization: 'Bearer none' });
    must(status === 401, `a wrong access token got ${status} in place of 401`);
  }

  async send(): Promise<void> {
    const { status, body } = await this.post(this.message());
    must(
      status === 202,
      `POST /v1/messages answered ${status} ${String(body['code'] ?? '')} in place of 202`,
    );
    must(typeof body['id'] === 'string' && body['id'] !== '', 'the answer to a message needs an id');
    must(body['client_ref'] === this.reference, 'the answer to a message needs our client_ref as it was');
    this.acceptedId = body['id'];
  }

  async repeat(): Promise<void> {
    const { status, body } = await this.post(this.message());
    const same = status === 202 && body['id'] === this.acceptedId && this.acceptedId !== null;
    must(same, 'the same Idempotency-Key with the same body must get the same id and send nothing');
  }

  async mismatch(): Promise<void> {
    const { status, body } = await this.post({ ...this.message(), text: 'Another text' });
    const refused = status === 422 && body['code'] === 'idempotency_mismatch';
    must(refused, `another body under a used key got ${status} in place of 422 idempotency_mismatch`);
  }

  async badPhone(): Promise<void> {
    const message = { ...this.message(), to: { type: 'phone', value: '+1' } };
    const { status, body } = await this.post(message, `${this.reference}:bad`);
    const refused = status === 422 && body['code'] === 'recipient_invalid';
    must(refused, `a number that is none got ${status} in place of 422 recipient_invalid`);
  }

  async lookUp(): Promise<void> {
    const path = `/v1/messages?client_ref=${encodeURIComponent(this.reference)}`;
    const found = foundIn((await this.call('GET', path)).body, this.reference);
    const known = found.kind === 'known' && found.providerId === this.acceptedId;
    must(known, 'GET /v1/messages?client_ref= must find the message that was taken');
  }

  async receipt(): Promise<void> {
    const heard = await this.host.heard(this.reference);
    must(
      heard.length > 0,
      'no webhook with our client_ref came: is our address yours, and is client_ref told back?',
    );
    for (const webhook of heard) {
      must(v.is(ReceiptSchema, this.verified(webhook)), 'the webhook is no message.status of the contract');
    }
  }

  private verified({ headers, body }: HeardWebhook): unknown {
    try {
      new Webhook(this.host.api!.webhookSecret).verify(body, headers);
    } catch (error) {
      throw new Fault(`the webhook is not signed as Standard Webhooks have it: ${(error as Error).message}`);
    }
    return JSON.parse(body);
  }

  async reply(): Promise<void> {
    const heard = await this.host.replied();
    must(heard.length > 0, 'no message.reply came: did somebody answer from the phone?');
    const reply = v.safeParse(ReplySchema, this.verified(heard[0]!));
    must(reply.success, `the webhook is no message.reply of the contract: ${dotted(reply.issues)}`);
    const { channel_id, from } = reply.output.data;
    must(channel_id === this.host.channel, `the answer names the channel ${channel_id}, not ours`);
    must(from.value === this.host.phone, 'the answer is not from the number that was written to');
  }

  async chat(): Promise<void> {
    const request = this.chatRequest();
    const open = () => this.call('POST', '/v1/chats', request, { 'idempotency-key': this.reference });
    const { status, body } = await open();
    const opened = (status === 200 || status === 201) && typeof body['id'] === 'string';
    must(opened, `POST /v1/chats answered ${status} in place of 201 with an id`);
    const again = await open();
    must(
      again.body['id'] === body['id'],
      'the same Idempotency-Key must get the same chat, not a second one',
    );
  }

  private chatRequest(): HostChatRequest {
    const now = new Date().toISOString();
    return {
      channel_id: this.host.channel,
      phone: this.host.phone,
      campaign: { ref: 'host-check', name: 'host:check' },
      message: { text: 'Test', client_ref: this.reference, sent_at: now },
      reply: { id: this.reference, text: 'Test', occurred_at: now },
    };
  }

  async templates(): Promise<void> {
    const path = `/v1/templates?channel_id=${encodeURIComponent(this.host.templateChannel)}`;
    const { status, body } = await this.call('GET', path);
    const data = body['data'];
    must(status === 200 && Array.isArray(data), `GET /v1/templates answered ${status}, or no list`);
    must(data.length > 0, 'the channel has no template to look at');
    for (const template of data) {
      const read = v.safeParse(TemplateSchema, template);
      if (read.success) continue;
      throw new Fault(`a template is not of the contract: ${dotted(read.issues)}`);
    }
  }

  async feed(): Promise<void> {
    const events: v.InferOutput<typeof EventSchema>[] = [];
    for (let after = ''; ;) {
      const { status, body } = await this.call('GET', `/v1/events?limit=200${after}`);
      must(status === 200, `GET /v1/events answered ${status}: what webhooks miss is lost`);
      const page = v.safeParse(PageSchema, body);
      must(page.success, 'GET /v1/events needs data, a list, and next, the place after it');
      const { data, next } = page.output;
      for (const each of data) {
        must(v.is(EventSchema, each), 'an event needs id, as webhook-id has it, type and data');
        events.push(each);
      }
      if (data.length === 0) break;
      must(after !== `&after=${encodeURIComponent(next)}`, 'next is the same after a page with events');
      after = `&after=${encodeURIComponent(next)}`;
    }
    // Of other messages a host may have heard late, and in any order.
    const ours = events.filter(({ data }) => data['client_ref'] === this.reference);
    const times = ours.map(({ data }) => Date.parse(String(data['occurred_at'])));
    must(
      times.every((at, n) => n === 0 || times[n - 1]! <= at),
      'the events are not oldest first',
    );
    const ids = new Set(events.map(({ id }) => id));
    for (const { headers } of await this.host.heard(this.reference))
      must(
        ids.has(headers['webhook-id']!),
        'an event that came by webhook is not in the feed under its webhook-id',
      );
  }

  private message(): Record<string, unknown> {
    return {
      channel_id: this.host.channel,
      to: { type: 'phone', value: this.host.phone },
      text: 'Test',
      client_ref: this.reference,
      campaign_ref: 'host-check',
    };
  }

  private post(message: Record<string, unknown>, key = this.reference): Promise<Answer> {
    return this.call('POST', '/v1/messages', message, { 'idempotency-key': key });
  }

  private async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const { api } = this.host;
    must(api, 'without the address of the API and its access token nothing can be tried');
    const answer = await this.host.fetch(api.baseUrl + path, {
      method,
      headers: { authorization: `Bearer ${api.accessToken}`, 'content-type': 'application/json', ...headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
    const { status } = answer;
    const retryAfter = retryAfterMs(answer.headers.get('retry-after') ?? undefined, Date.now());
    must(
      ![409, 429, 503].includes(status) || retryAfter !== null,
      `${method} ${path.split('?')[0]} answered ${status} without a Retry-After in seconds or as a date`,
    );
    const json: unknown = await answer.json().catch(() => null);
    return { status, body: (json ?? {}) as Record<string, unknown> };
  }
}
