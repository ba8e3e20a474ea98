/**
 * `npm run host:check -- --level 2 --base-url … --access-token … --webhook-secret … --channel … --phone …
 *  --session-token … --issuer … (--session-key … | --public-key file --algorithm ES256)`
 *
 * One line for each thing a host must do; ends with 1 where one is missing. docs/host/README.md explains the options.
 */
import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { importPublicKey, type HostKey } from '../src/host/host-keys.ts';
import { checkHost, type HostUnderTest } from './check-host.ts';
import { OurSide, type HeardWebhook } from './our-side.ts';

const RECEIPT_WITHIN_MS = 30_000;
/** Whatever somebody has to do for it. */
const PERSON_WITHIN_MS = 120_000;

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
    'our-url': { type: 'string' },
    'platform-key': { type: 'string' },
    'platform-algorithm': { type: 'string', default: 'ES256' },
    'without-page': { type: 'boolean', default: false },
  },
});

function need(name: Exclude<keyof typeof values, 'without-page'>): string {
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

const side = await OurSide.start(Number(values.port));
const ourUrl = values['our-url'] ?? side.url;

function replied(): Promise<HeardWebhook[]> {
  console.log(`Answer the message from ${values.phone} now: two minutes.`);
  return side.heard('"message.reply"', PERSON_WITHIN_MS);
}

/** Once for all checks that ask. @param words what somebody is asked to do now */
function askOnce<T>(words: string, wait: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | null = null;
  return () => {
    if (!answer) console.log(words);
    return (answer ??= wait());
  };
}

function install(): HostUnderTest['install'] {
  const file = values['platform-key'];
  if (!file) return null;
  const key = importPublicKey('checked', need('platform-algorithm'), readFileSync(file, 'utf8'));
  const words = `Press "install" in a test account now, with us at ${ourUrl}: two minutes.`;
  return { key, ourUrl, call: askOnce(words, () => side.installed(PERSON_WITHIN_MS)) };
}

function page(): HostUnderTest['page'] {
  if (values['without-page']) return null;
  const words = `Open the page of your CRM that shows the card now, with us at ${ourUrl}: two minutes.`;
  return askOnce(words, () => side.frame(PERSON_WITHIN_MS));
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
  install: install(),
  page: page(),
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
  heard: (reference) => side.heard(reference, RECEIPT_WITHIN_MS),
  replied,
};

if (level > 1) console.log(`Waiting for webhooks at ${ourUrl}; one message goes to ${host.channel}.`);
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
side.stop();
process.exitCode = missing === 0 ? 0 : 1;
