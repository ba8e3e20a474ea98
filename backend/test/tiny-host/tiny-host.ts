/** A host written from docs/host/README.md alone, with nothing but Node: what somebody else's would look like. */
import { createHash, createHmac, generateKeyPairSync, randomBytes, randomUUID, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

const TENANT = '42';
const CHANNEL = 'sms-1';

interface Message {
  id: string;
  client_ref: string;
  status: string;
}

export async function startTinyHost() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const installation = `inst_${randomBytes(8).toString('hex')}`;
  const accessToken = randomBytes(24).toString('hex');
  const webhookKey = randomBytes(32);
  const sessionKey = randomBytes(32).toString('base64url');
  const codes = new Set<string>();
  const answers = new Map<string, { body: string; message: Message }>();
  /** Where our webhooks go. */
  let receiver = '';

  const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const seconds = () => Math.floor(Date.now() / 1000);
  const times = () => ({ iat: seconds(), exp: seconds() + 300, jti: randomUUID() });

  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const [status, answer] = route(request, body);
      const type = status < 400 ? 'application/json' : 'application/problem+json';
      response.writeHead(status, { 'content-type': type }).end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  function route(request: IncomingMessage, body: string): [number, unknown] {
    const { pathname, searchParams } = new URL(request.url!, url);
    const what = `${request.method} ${pathname}`;
    if (what === 'POST /oauth/token') return exchange(body);
    if (request.headers.authorization !== `Bearer ${accessToken}`) return [401, { code: 'unauthorized' }];
    if (what === 'GET /v1/channels') {
      const capabilities = { replies: false };
      const channel = { id: CHANNEL, type: 'sms', name: 'TINY', status: 'active', capabilities };
      return [200, { data: [channel] }];
    }
    if (what === 'POST /v1/messages') return take(String(request.headers['idempotency-key']), body);
    if (what === 'GET /v1/messages') {
      const messages = [...answers.values()].map(({ message }) => message);
      const reference = searchParams.get('client_ref');
      return [200, { data: messages.filter(({ client_ref }) => client_ref === reference) }];
    }
    return [404, { code: 'not_found' }];
  }

  function exchange(body: string): [number, unknown] {
    const { install_code } = JSON.parse(body) as { install_code: string };
    if (!codes.delete(install_code)) return [400, { code: 'invalid_grant' }];
    const webhook_secret = `whsec_${webhookKey.toString('base64')}`;
    return [200, { access_token: accessToken, webhook_secret, session_key: sessionKey }];
  }

  function take(key: string, body: string): [number, unknown] {
    const known = answers.get(key);
    if (known)
      return known.body === body ? [202, accepted(known.message)] : [422, { code: 'idempotency_mismatch' }];
    const { to, client_ref } = JSON.parse(body) as { to: { value: string }; client_ref: string };
    if (!/^\+\d{7,15}$/.test(to.value)) return [422, { code: 'recipient_invalid' }];
    const message = { id: `m${answers.size + 1}`, client_ref, status: 'delivered' };
    answers.set(key, { body, message });
    void tell(message);
    return [202, accepted(message)];
  }

  function accepted({ id, client_ref }: Message) {
    return { id, client_ref, status: 'queued' };
  }

  /** Until it is taken, under the same id. */
  async function tell({ id, client_ref, status }: Message): Promise<void> {
    const data = { message_id: id, client_ref, status, occurred_at: new Date().toISOString() };
    const body = JSON.stringify({ type: 'message.status', data });
    const event = `evt_${id}`;
    for (let tries = 0, taken = false; !taken && tries < 5; tries += 1) {
      const at = seconds();
      const signature = createHmac('sha256', webhookKey).update(`${event}.${at}.${body}`).digest('base64');
      const headers = {
        'content-type': 'application/json',
        'webhook-id': event,
        'webhook-timestamp': String(at),
        'webhook-signature': `v1,${signature}`,
      };
      const answer = await fetch(`${receiver}/api/webhooks/host/${installation}`, {
        method: 'POST',
        headers,
        body,
      });
      taken = answer.status === 202;
    }
  }

  return {
    url,
    tenant: TENANT,
    channel: CHANNEL,
    accessToken,
    sessionKey,
    webhookSecret: `whsec_${webhookKey.toString('base64')}`,
    /** What the operator of the deployment registers. */
    record: {
      issuer: url,
      name: 'Tiny',
      maxTtlSeconds: 300,
      keys: [{ kid: 'k1', alg: 'ES256', publicKey: publicKey.export({ type: 'spki', format: 'pem' }) }],
    },
    sendWebhooksTo: (address: string) => void (receiver = address),
    async install(app: string): Promise<number> {
      receiver = app;
      const code = randomUUID();
      codes.add(code);
      const tenant = {
        id: TENANT,
        name: 'Tiny Ltd',
        locale: 'en',
        timezone: 'Europe/Moscow',
        origins: [url],
      };
      const host_api = { base_url: url, token_url: `${url}/oauth/token` };
      const told = { installation_id: installation, sequence: 1, tenant, host_api, install_code: code };
      const body = JSON.stringify(told);
      const bsh = createHash('sha256').update(body).digest('base64url');
      const head = base64url({ alg: 'ES256', typ: 'host-lifecycle+jwt', kid: 'k1' });
      const claims = base64url({ iss: url, aud: app, tid: TENANT, iid: installation, bsh, ...times() });
      const signature = sign('sha256', Buffer.from(`${head}.${claims}`), {
        key: privateKey,
        dsaEncoding: 'ieee-p1363',
      });
      const token = `${head}.${claims}.${signature.toString('base64url')}`;
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
      return (await fetch(`${app}/api/host/installed`, { method: 'POST', headers, body })).status;
    },
    sessionToken(): string {
      const head = base64url({ alg: 'HS256', typ: 'host-session+jwt' });
      const user = { sub: 'user-1', role: 'admin', tid: TENANT, iid: installation };
      const claims = base64url({ iss: url, aud: 'mass-messaging', ...user, ...times() });
      const signature = createHmac('sha256', Buffer.from(sessionKey, 'base64url')).update(
        `${head}.${claims}`,
      );
      return `${head}.${claims}.${signature.digest('base64url')}`;
    },
    stop(): void {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString('utf8');
}
