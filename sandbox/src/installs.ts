import { randomBytes } from 'node:crypto';
import { request, type Dispatcher } from 'undici';
import type {
  InstallationSecrets,
  InstalledEvent,
  LifecycleEvent,
  SecretRotatedEvent,
  UpdatedEvent,
} from '../../contract/host-api.ts';
import { newInstallation, secretsOf, type Identity, type Installation } from './identity.ts';
import { fetchManifest, type Manifest } from './manifest.ts';
import { Problem } from './problem.ts';
import { findTenant, type Tenant } from './tenants.ts';
import type { Tokens } from './tokens.ts';

const CODE_LIFETIME_MS = 10 * 60_000;

/** Installing, switching off and on, removing: each is one signed call to the integration. */
export class Installs {
  private readonly codes = new Map<string, { installation: Installation; expiresAt: number }>();

  constructor(
    private readonly backendUrl: string,
    private readonly url: () => string,
    private readonly identity: Identity,
    private readonly tokens: Tokens,
    private readonly dispatcher: Dispatcher,
  ) {}

  async install(tenantId: string): Promise<void> {
    const tenant = this.require(tenantId);
    const before = { ...this.identity.tenant(tenantId) };
    if (before.state === 'active' || before.state === 'disabled') {
      throw new Problem(409, 'already_installed', 'The integration is already installed.');
    }
    const manifest = await this.manifest();
    const installation = newInstallation(tenant.sessionAlg);
    const event: InstalledEvent = {
      ...this.told(tenant, installation, before.sequence + 1),
      install_code: this.codeFor(installation),
    };
    const { state, installation: old } = before;
    // Before the call: the integration may use its new access token before it answers.
    this.identity.change(tenantId, {
      installation,
      also: null,
      sequence: event.sequence,
      card: null,
      state: 'active',
    });
    try {
      await this.call(tenantId, installation.id, manifest, 'installed', event);
    } catch (error) {
      this.identity.change(tenantId, { installation: old, state });
      throw error;
    }
  }

  /** Tells the account as it is, or with some of it changed. */
  async update(tenantId: string, changes: Partial<UpdatedEvent['tenant']> = {}): Promise<void> {
    const { installation, sequence } = this.installed(tenantId);
    const told = this.told(this.require(tenantId), installation, sequence + 1);
    this.identity.change(tenantId, { sequence: told.sequence });
    const event: UpdatedEvent = { ...told, tenant: { ...told.tenant, ...changes } };
    await this.call(tenantId, installation.id, await this.manifest(), 'updated', event);
  }

  /** New secrets for the same installation; the access token before them is taken as well. */
  async rotate(tenantId: string): Promise<void> {
    const { installation, sequence, also = null } = this.installed(tenantId);
    const { sessionAlg } = this.require(tenantId);
    const rotated: Installation = { ...newInstallation(sessionAlg), id: installation.id };
    const event: SecretRotatedEvent = {
      installation_id: installation.id,
      sequence: sequence + 1,
      install_code: this.codeFor(rotated),
    };
    // The integration uses the new access token before it answers, and believes what the new secrets sign only after.
    this.identity.change(tenantId, { sequence: event.sequence, also: rotated });
    try {
      await this.call(tenantId, installation.id, await this.manifest(), 'secret_rotated', event);
    } catch (error) {
      this.identity.change(tenantId, { also });
      throw error;
    }
    this.identity.change(tenantId, { installation: rotated, also: installation });
  }

  enable(tenantId: string): Promise<void> {
    return this.move(tenantId, 'enabled', ['disabled'], 'active');
  }

  disable(tenantId: string): Promise<void> {
    return this.move(tenantId, 'disabled', ['active'], 'disabled');
  }

  async uninstall(tenantId: string): Promise<void> {
    try {
      await this.move(tenantId, 'uninstalled', ['active', 'disabled'], 'uninstalled');
    } catch (error) {
      // An integration that has lost its database knows no such installation; here it can be removed all the same.
      if (!(error instanceof Problem) || error.code !== 'lifecycle_refused') throw error;
      this.identity.change(tenantId, { state: 'uninstalled' });
    }
    this.identity.change(tenantId, { card: null });
  }

  /** `POST /oauth/token`: each code once. */
  exchange(code: unknown): InstallationSecrets {
    const found = typeof code === 'string' ? this.codes.get(code) : undefined;
    if (!found || found.expiresAt < Date.now()) {
      throw new Problem(400, 'invalid_grant', 'This install code is unknown, used or out of date.');
    }
    this.codes.delete(code as string);
    return secretsOf(found.installation);
  }

  /** The manifest as it is now, or as it was last when the integration does not answer. */
  async look(): Promise<{ manifest: Manifest | null; answers: boolean }> {
    return this.manifest().then(
      (manifest) => ({ manifest, answers: true }),
      () => ({ manifest: this.identity.manifest, answers: false }),
    );
  }

  private async manifest(): Promise<Manifest> {
    this.identity.manifest = await fetchManifest(this.backendUrl, this.dispatcher);
    return this.identity.manifest;
  }

  private told(tenant: Tenant, installation: Installation, sequence: number): UpdatedEvent {
    const { id, name, locale, timezone } = tenant;
    return {
      installation_id: installation.id,
      sequence,
      tenant: { id, name, locale, timezone, origins: [this.url()] },
      host_api: { base_url: this.url(), token_url: `${this.url()}/oauth/token` },
    };
  }

  private codeFor(installation: Installation): string {
    const code = randomBytes(24).toString('base64url');
    this.codes.set(code, { installation, expiresAt: Date.now() + CODE_LIFETIME_MS });
    return code;
  }

  private installed(tenantId: string) {
    this.require(tenantId);
    const { state, installation, ...rest } = this.identity.tenant(tenantId);
    if (!installation || (state !== 'active' && state !== 'disabled')) {
      throw new Problem(409, 'state_conflict', `Not possible while the integration is ${state}.`);
    }
    return { installation, ...rest };
  }

  private require(tenantId: string): Tenant {
    const tenant = findTenant(tenantId);
    if (!tenant) throw new Problem(404, 'tenant_unknown', 'There is no such account.');
    return tenant;
  }

  private async move(
    tenantId: string,
    name: 'enabled' | 'disabled' | 'uninstalled',
    from: readonly string[],
    to: 'active' | 'disabled' | 'uninstalled',
  ): Promise<void> {
    this.require(tenantId);
    const { state, installation, sequence } = this.identity.tenant(tenantId);
    if (!installation || !from.includes(state)) {
      throw new Problem(409, 'state_conflict', `Not possible while the integration is ${state}.`);
    }
    const event: LifecycleEvent = { installation_id: installation.id, sequence: sequence + 1 };
    this.identity.change(tenantId, { sequence: event.sequence });
    await this.call(tenantId, installation.id, await this.manifest(), name, event);
    this.identity.change(tenantId, { state: to });
  }

  private async call(
    tenant: string,
    iid: string,
    manifest: Manifest,
    name: keyof Manifest['lifecycle'],
    event: LifecycleEvent,
  ): Promise<void> {
    const body = Buffer.from(JSON.stringify(event));
    const token = this.tokens.lifecycle({ tenant, iid, audience: manifest.base_url, body });
    let status: number;
    let text: string;
    try {
      const answer = await request(new URL(manifest.lifecycle[name], this.backendUrl), {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body,
        dispatcher: this.dispatcher,
        headersTimeout: 15_000,
      });
      status = answer.statusCode;
      text = await answer.body.text();
    } catch {
      throw new Problem(502, 'backend_unavailable', 'The integration does not answer. Is it running?');
    }
    if (status >= 200 && status < 300) return;
    const code = status < 500 ? 'lifecycle_refused' : 'backend_failed';
    throw new Problem(502, code, `The integration answered ${status} to “${name}”: ${text.slice(0, 300)}`);
  }
}
