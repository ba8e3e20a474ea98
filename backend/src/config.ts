import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { importJWK, importPublicKey, type HostKey } from './host/host-keys.ts';
import { checkedOutgoingUrl } from './host/outgoing.ts';
import { bitrix24Record, type Bitrix24App } from './host/presets/bitrix24/bitrix24-record.ts';
import type { ReadVariable } from './host/presets/preset-record.ts';
import { kommoRecord, type KommoIntegration } from './host/presets/kommo/kommo-record.ts';
import type { SecretsKeys } from './host/secrets.ts';

/** Everything the environment decides. Read once, here; `.env.example` names every variable with unit and default. */
export interface Config {
  production: boolean;
  port: number;
  bindAddress: string;
  /** Origin under which the host and its users reach us, without a slash at the end. */
  baseUrl: string;
  dataDir: string;
  /** Null: the app starts a PostgreSQL of its own under `dataDir`. */
  databaseUrl: string | null;
  databasePoolSize: number;
  /** Connections, beside those, for downloads, uploads and changes of whole lists. */
  databaseLongPoolSize: number;
  /** How long such work waits for one of them before it is told to come again, in ms. */
  databaseLongWaitMs: number;
  /** How long after an uninstall an account's personal data are kept for a re-install, in days; 0: not at all. */
  eraseAfterDays: number;
  /** Live views that may be open at once in this process, and of one account; the others ask from time to time. */
  liveStreams: number;
  liveStreamsPerAccount: number;
  /** A client that takes nothing of a download for so long is cut off, in ms. */
  downloadStallMs: number;
  /** A client that sends nothing of an upload for so long is cut off, in ms. */
  uploadStallMs: number;
  /** AES-256-GCM keys: the first seals the secrets of installations at rest, all open them. */
  secretsKeys: SecretsKeys;
  hosts: HostRecord[];
  /** Hosts reached by http and on private addresses: for development and the sandbox only. */
  allowLocalHosts: boolean;
  /** How long one call to a provider may take, in ms; past it the outcome is unknown. */
  requestTimeoutMs: number;
  /** Calls in flight per channel at once. */
  channelConcurrency: number;
  /** A run whose first so many messages are all refused for one cause pauses itself. */
  alikeRefusals: number;
  /** How often the dispatcher looks for due campaigns, in ms. */
  dispatchTickMs: number;
}

/** A host platform we trust: its issuer and its registered public keys. */
export interface HostRecord {
  issuer: string;
  name: string;
  keys: HostKey[];
  /** Where the host publishes more keys (JWKS); null: nowhere. */
  jwksUrl: string | null;
  maxTtlSeconds: number;
  /** Of the presets; the others keep our own contract. */
  kommo?: KommoIntegration;
  bitrix24?: Bitrix24App;
}

/** A wrong setting; its message is one sentence that names the variable. */
export class ConfigError extends Error {}

type Env = Record<string, string | undefined>;

export function readConfig(env: Env): Config {
  const production = env['NODE_ENV'] === 'production';
  const dataDir = resolve(env['DATA_DIR'] || '.data');
  const port = wholeNumber(env, 'PORT', 3000, 0, 65535);
  return {
    production,
    port,
    bindAddress: env['BIND_ADDRESS'] || (production ? '0.0.0.0' : '127.0.0.1'),
    baseUrl: baseUrl(env, port),
    dataDir,
    databaseUrl: databaseUrl(env),
    databasePoolSize: wholeNumber(env, 'DATABASE_POOL_SIZE', 10, 2, 200),
    databaseLongPoolSize: wholeNumber(env, 'DATABASE_LONG_POOL_SIZE', 5, 1, 100),
    databaseLongWaitMs: wholeNumber(env, 'DATABASE_LONG_WAIT_MS', 5000, 100, 60_000),
    eraseAfterDays: wholeNumber(env, 'ERASE_AFTER_DAYS', 30, 0, 3650),
    liveStreams: wholeNumber(env, 'LIVE_STREAMS', 500, 0, 100_000),
    liveStreamsPerAccount: wholeNumber(env, 'LIVE_STREAMS_PER_ACCOUNT', 100, 0, 100_000),
    downloadStallMs: wholeNumber(env, 'DOWNLOAD_STALL_MS', 30_000, 100, 600_000),
    uploadStallMs: wholeNumber(env, 'UPLOAD_STALL_MS', 30_000, 100, 600_000),
    secretsKeys: secretsKeys(env, production, dataDir),
    hosts: hosts(env, yesOrNo(env, 'ALLOW_LOCAL_HOSTS', false)),
    allowLocalHosts: yesOrNo(env, 'ALLOW_LOCAL_HOSTS', false),
    requestTimeoutMs: wholeNumber(env, 'REQUEST_TIMEOUT_MS', 5000, 100, 60_000),
    channelConcurrency: wholeNumber(env, 'CHANNEL_CONCURRENCY', 50, 1, 1000),
    alikeRefusals: wholeNumber(env, 'ALIKE_REFUSALS', 10, 2, 1000),
    dispatchTickMs: wholeNumber(env, 'DISPATCH_TICK_MS', 50, 10, 1000),
  };
}

function wholeNumber(env: Env, name: string, fallback: number, min: number, max: number): number {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  const value = Number(raw);
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new ConfigError(`${name} must be a whole number from ${min} to ${max}, but is "${raw}".`);
  }
  return value;
}

function yesOrNo(env: Env, name: string, fallback: boolean): boolean {
  const raw = env[name];
  if (raw === undefined || raw === '') return fallback;
  if (raw === 'true') return true;
  if (raw === 'false') return false;
  throw new ConfigError(`${name} must be true or false, but is "${raw}".`);
}

function baseUrl(env: Env, port: number): string {
  const raw = env['BASE_URL'] || `http://localhost:${port}`;
  if (!URL.canParse(raw) || new URL(raw).origin !== raw) {
    throw new ConfigError(
      `BASE_URL must be an origin such as https://messaging.example.com, but is "${raw}".`,
    );
  }
  return raw;
}

function databaseUrl(env: Env): string | null {
  const raw = env['DATABASE_URL'];
  if (!raw) return null;
  if (!/^postgres(ql)?:\/\//.test(raw) || !URL.canParse(raw)) {
    throw new ConfigError('DATABASE_URL must look like postgres://user:password@server:5432/database.');
  }
  return raw;
}

function secretsKeys(env: Env, production: boolean, dataDir: string): SecretsKeys {
  const raw = env['SECRETS_KEY'];
  if (raw) {
    const wrong = 'SECRETS_KEY must be 32 bytes in base64, or several such keys with commas between them.';
    const [first, ...others] = raw.split(',').map((key) => checkedKey(Buffer.from(key, 'base64'), wrong));
    return [first!, ...others];
  }
  if (production) {
    throw new ConfigError(
      'SECRETS_KEY is not set: in production give 32 random bytes in base64 (openssl rand -base64 32).',
    );
  }
  const file = resolve(dataDir, 'secrets.key');
  if (!existsSync(file)) makeKeyFile(dataDir, file);
  return [
    checkedKey(
      Buffer.from(readFileSync(file, 'utf8'), 'base64'),
      `${file} is damaged: it must hold 32 bytes.`,
    ),
  ];
}

/**
 * Two first starts may come here at once, and each must end with the same key: the file appears with its content in
 * one step, and who comes second reads what is there. A key replaced later would close every secret sealed before.
 */
function makeKeyFile(dataDir: string, file: string): void {
  mkdirSync(dataDir, { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, randomBytes(32).toString('base64'), { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function checkedKey(key: Buffer, message: string): Buffer {
  if (key.length !== 32) throw new ConfigError(message);
  return key;
}

type Preset = (
  raw: Record<string, unknown>,
  read: ReadVariable,
  allowLocal: boolean,
) => Pick<HostRecord, 'issuer' | 'name' | 'kommo' | 'bitrix24'>;

const PRESETS: Record<string, Preset> = { kommo: kommoRecord, bitrix24: bitrix24Record };

/** HOSTS_FILE: `[{ issuer, name, maxTtlSeconds?, jwksUrl?, keys?: [{ kid, alg, publicKey (PEM) or jwk }] }]`, or presets. */
function hosts(env: Env, allowLocal: boolean): HostRecord[] {
  const file = env['HOSTS_FILE'];
  if (!file) return [];
  try {
    const records = JSON.parse(readFileSync(file, 'utf8')) as unknown;
    if (!Array.isArray(records)) throw new Error('it must hold an array');
    const read = records.map((record: RawHostRecord & Record<string, unknown>) => {
      if (record.preset === undefined) return hostRecord(record, allowLocal);
      const preset = PRESETS[String(record.preset)];
      if (!preset) throw new Error(`the presets are ${Object.keys(PRESETS).join(' and ')}`);
      return {
        ...preset(record, (name) => env[name], allowLocal),
        keys: [],
        jwksUrl: null,
        maxTtlSeconds: 1800,
      };
    });
    const issuers = read.map(({ issuer }) => issuer);
    const twice = issuers.find((issuer, at) => issuers.indexOf(issuer) !== at);
    if (twice !== undefined) throw new Error(`${twice} stands in it twice`);
    return read;
  } catch (error) {
    throw new ConfigError(`HOSTS_FILE (${file}) cannot be used: ${(error as Error).message}.`);
  }
}

interface RawHostRecord {
  preset?: unknown;
  issuer?: unknown;
  name?: unknown;
  maxTtlSeconds?: unknown;
  jwksUrl?: unknown;
  keys?: { kid?: unknown; alg?: unknown; publicKey?: unknown; jwk?: unknown }[];
}

function hostRecord(raw: RawHostRecord, allowLocal: boolean): HostRecord {
  if (typeof raw.issuer !== 'string' || raw.issuer === '') throw new Error('a host has no issuer');
  const maxTtlSeconds = raw.maxTtlSeconds ?? 300;
  if (!Number.isInteger(maxTtlSeconds) || Number(maxTtlSeconds) < 1 || Number(maxTtlSeconds) > 1800) {
    throw new Error(`maxTtlSeconds of ${raw.issuer} must be from 1 to 1800`);
  }
  const keys = (raw.keys ?? []).map(({ kid, alg, publicKey, jwk }) =>
    jwk === undefined ? importPublicKey(kid, alg, publicKey) : importJWK(kid, alg, jwk),
  );
  return {
    issuer: raw.issuer,
    name: String(raw.name ?? raw.issuer),
    keys,
    jwksUrl: raw.jwksUrl === undefined ? null : jwksUrl(raw.issuer, raw.jwksUrl, allowLocal),
    maxTtlSeconds: Number(maxTtlSeconds),
  };
}

function jwksUrl(issuer: string, raw: unknown, allowLocal: boolean): string {
  try {
    return checkedOutgoingUrl(raw, allowLocal);
  } catch {
    throw new Error(`jwksUrl of ${issuer} must be an https address under a public name`);
  }
}
