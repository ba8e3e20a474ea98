import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameMessages, InstallationSecrets } from '../../contract/host-api.ts';
import type { Manifest } from './manifest.ts';
import { TENANTS } from './tenants.ts';

/** not-installed → active ⇄ disabled → uninstalled → active (as a new installation) */
export type InstallState = 'not-installed' | 'active' | 'disabled' | 'uninstalled';

export interface Installation {
  id: string;
  accessToken: string;
  /** `whsec_…` */
  webhookSecret: string;
  /** base64url of 32 bytes; null where the platform's key signs the session tokens. */
  sessionKey: string | null;
}

export interface TenantState {
  state: InstallState;
  /** Of the last lifecycle event; grows across installations. */
  sequence: number;
  installation: Installation | null;
  /** Of the same installation, other secrets: its access token is taken, too, while they are being changed and after. */
  also?: Installation | null;
  /** What the frame said last of the campaign it shows. */
  card: FrameMessages['card'] | null;
}

interface Saved {
  kid: string;
  privateKey: string;
  manifest: Manifest | null;
  tenants: Record<string, TenantState>;
}

/** An entry of hosts.json: what a backend must know of a host before it believes its tokens. */
export interface HostRecord {
  issuer: string;
  name: string;
  keys: { kid: string; alg: 'ES256'; publicKey: string }[];
  maxTtlSeconds: number;
}

/** Who the sandbox is: its signing key and its tenants' installations. Kept on disk, so a restart keeps installs working. */
export class Identity {
  readonly privateKey: KeyObject;
  private readonly saved: Saved;
  private readonly file: string | null;

  constructor(private readonly dataDir: string | null) {
    if (dataDir) mkdirSync(dataDir, { recursive: true });
    this.file = dataDir && join(dataDir, 'state.json');
    this.saved = (this.file === null ? null : read(this.file)) ?? create();
    for (const { id } of TENANTS) this.saved.tenants[id] ??= newTenantState();
    this.privateKey = createPrivateKey(this.saved.privateKey);
    this.save();
  }

  get kid(): string {
    return this.saved.kid;
  }

  /** As it was fetched last; cards are drawn from it while the backend is away. */
  get manifest(): Manifest | null {
    return this.saved.manifest;
  }

  set manifest(manifest: Manifest | null) {
    if (JSON.stringify(manifest) === JSON.stringify(this.saved.manifest)) return;
    this.saved.manifest = manifest;
    this.save();
  }

  tenant(id: string): Readonly<TenantState> {
    return this.saved.tenants[id]!;
  }

  change(id: string, change: Partial<TenantState>): void {
    Object.assign(this.saved.tenants[id]!, change);
    this.save();
  }

  /** @returns the tenant whose installation carries this access token */
  byAccessToken(token: string): string | undefined {
    return TENANTS.find(({ id }) => {
      const { installation, also } = this.tenant(id);
      return installation?.accessToken === token || also?.accessToken === token;
    })?.id;
  }

  publicKeyPem(): string {
    return createPublicKey(this.privateKey).export({ type: 'spki', format: 'pem' }).toString();
  }

  hosts(issuer: string): HostRecord[] {
    const keys = [{ kid: this.kid, alg: 'ES256' as const, publicKey: this.publicKeyPem() }];
    return [{ issuer, name: 'Sandbox CRM', keys, maxTtlSeconds: 300 }];
  }

  writeHosts(issuer: string): void {
    if (this.dataDir) writeAtomically(join(this.dataDir, 'hosts.json'), this.hosts(issuer));
  }

  private save(): void {
    if (this.file) writeAtomically(this.file, this.saved);
  }
}

export function newInstallation(sessionAlg: 'HS256' | 'ES256'): Installation {
  return {
    id: randomUUID(),
    accessToken: `sbx_${randomBytes(24).toString('base64url')}`,
    webhookSecret: `whsec_${randomBytes(32).toString('base64')}`,
    sessionKey: sessionAlg === 'HS256' ? randomBytes(32).toString('base64url') : null,
  };
}

export function secretsOf(installation: Installation): InstallationSecrets {
  const { accessToken, webhookSecret, sessionKey } = installation;
  return {
    access_token: accessToken,
    webhook_secret: webhookSecret,
    ...(sessionKey === null ? {} : { session_key: sessionKey }),
  };
}

function newTenantState(): TenantState {
  return { state: 'not-installed', sequence: 0, installation: null, card: null };
}

function create(): Saved {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    kid: `sandbox-${randomBytes(6).toString('hex')}`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    manifest: null,
    tenants: {},
  };
}

function read(file: string): Saved | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Saved;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new Error(`${file} cannot be read. Remove it to start the sandbox anew.`, { cause: error });
  }
}

function writeAtomically(file: string, value: unknown): void {
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, JSON.stringify(value, null, 2), { mode: 0o600 });
  renameSync(draft, file);
}
