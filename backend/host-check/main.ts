/**
 * `npm run host:check -- --level 2 --base-url … --access-token … --webhook-secret … --channel … --phone …
 *  --session-token … --issuer … (--session-key … | --public-key file --algorithm ES256)`
 *
 * One line for each thing a host must do; ends with 1 where one is missing. docs/host/README.md explains the options.
 */
import { createSecretKey } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { importPublicKey, type HostKey } from '../src/host/host-keys.ts';
import { checkHost, type HeardWebhook, type HostUnderTest } from './check-host.ts';

const RECEIPT_WITHIN_MS = 30_000;
const REPLY_WITHIN_MS = 120_000;

const { values } = parseArgs({
  options: {
    level: { type: 'string', default: '1' },
    'session-token': { type: 'string' },
    issuer: { type: 'string' },
    audience: { type: 'string', default: 'mass-messaging' },
    'max-ttl': { type: 'string', default: '300' },
    'session-key': { type: 'string' },
    'public-key': { type: 'string' },
    algorithm: { type: 'string', default: 'ES256' },
    'base-url': { type: 'string' },
    'access-token': { type: 'string' },
    'webhook-secret': { type: 'string' },
    channel: { type: 'string' },
    phone: { type: 'string' },
    'template-channel': { type: 'string' },
    port: { type: 'string', default: '3999' },
  },
});

function need(name: keyof typeof values): string {
  const value = values[name];
  if (value) return value;
  console.error(`--${name} is missing. See "Check a host" in docs/host/README.md.`);
  process.exit(2);
}

function sessionKey(): HostKey {
  const own = values['session-key'];
  if (own) return { kid: '', alg: 'HS256', key: createSecretKey(Buffer.from(own, 'base64url')) };
  return importPublicKey('checked', need('algorithm'), readFileSync(need('public-key'), 'utf8'));
}

const level = Number(values.level) as HostUnderTest['level'];
if (![1, 2, 3].includes(level)) {
  console.error('--level is 1, 2 or 3.');
  process.exit(2);
}

const arrived: HeardWebhook[] = [];
const server = createServer((request, response) => {
  const pieces: Buffer[] = [];
  request.on('data', (piece: Buffer) => pieces.push(piece));
  request.on('end', () => {
    const headers = request.headers as Record<string, string>;
    arrived.push({ headers, body: Buffer.concat(pieces).toString('utf8') });
    response.writeHead(202).end();
    server.emit('heard');
  });
});

async function arrivedWith(text: string, withinMs: number): Promise<HeardWebhook[]> {
  const signal = AbortSignal.timeout(withinMs);
  for (;;) {
    const found = arrived.filter(({ body }) => body.includes(text));
    if (found.length > 0 || signal.aborted) return found;
    await once(server, 'heard', { signal }).catch(() => null);
  }
}

function replied(): Promise<HeardWebhook[]> {
  console.log(`Answer the message from ${values.phone} now: two minutes.`);
  return arrivedWith('"message.reply"', REPLY_WITHIN_MS);
}

const host: HostUnderTest = {
  level,
  session: {
    token: need('session-token'),
    issuer: need('issuer'),
    audience: need('audience'),
    maxTtlSeconds: Number(values['max-ttl']),
    key: sessionKey(),
  },
  api:
    level === 1
      ? null
      : {
          baseUrl: need('base-url').replace(/\/$/, ''),
          accessToken: need('access-token'),
          webhookSecret: need('webhook-secret'),
        },
  channel: level === 1 ? '' : need('channel'),
  phone: level === 1 ? '' : need('phone'),
  templateChannel: level === 3 ? need('template-channel') : '',
  fetch,
  heard: (reference) => arrivedWith(reference, RECEIPT_WITHIN_MS),
  replied,
};

if (level > 1) {
  server.listen(Number(values.port));
  await once(server, 'listening');
  console.log(`Waiting for webhooks at port ${values.port}; one message goes to ${host.channel}.`);
}
const findings = await checkHost(host);
for (const each of findings)
  console.log(
    `${each.passed ? 'ok     ' : 'MISSING'}  level ${each.level}  ${each.what}${each.advice && `\n         ${each.advice}.`}`,
  );
const missing = findings.filter(({ passed }) => !passed).length;
console.log(
  missing === 0
    ? `Level ${level} is complete.`
    : `${missing} of ${findings.length} are missing for level ${level}.`,
);
server.close();
server.closeAllConnections();
process.exitCode = missing === 0 ? 0 : 1;
