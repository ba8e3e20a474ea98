import { createHash, randomUUID, type KeyObject } from 'node:crypto';
import {
  LIFECYCLE_TOKEN_TYPE,
  SESSION_TOKEN_TYPE,
  type LifecycleClaims,
  type SessionClaims,
} from '../../contract/host-api.ts';
import type { Identity } from './identity.ts';
import { forgeJwt } from './jwt.ts';
import { Problem } from './problem.ts';
import { findTenant } from './tenants.ts';

const TTL_SECONDS = 300;
const DEFAULT_AUDIENCE = 'mass-messaging';

/** Whatever a bad token may need. A claim or header set to undefined is left out. */
export interface Overrides {
  claims?: Record<string, unknown>;
  header?: Record<string, unknown>;
  key?: KeyObject | Buffer | null;
  /** Replaces the whole payload, character by character. */
  payload?: string;
}

export interface SessionUser {
  user: string;
  role?: string | undefined;
}

export class Tokens {
  constructor(
    private readonly identity: Identity,
    private readonly issuer: () => string,
  ) {}

  session(tenantId: string, { user, role }: SessionUser, overrides: Overrides = {}) {
    const tenant = findTenant(tenantId);
    const installation = tenant && this.identity.tenant(tenantId).installation;
    if (!tenant || !installation)
      throw new Problem(409, 'not_installed', 'The integration is not installed.');
    const iat = Math.floor(Date.now() / 1000);
    const claims: SessionClaims = {
      iss: this.issuer(),
      aud: this.identity.manifest?.key ?? DEFAULT_AUDIENCE,
      sub: user,
      tid: tenantId,
      iid: installation.id,
      iat,
      exp: iat + TTL_SECONDS,
      jti: randomUUID(),
      ...(role === undefined ? {} : { role: role as SessionClaims['role'] & string }),
    };
    const hmac = tenant.sessionAlg === 'HS256' ? Buffer.from(installation.sessionKey!, 'base64url') : null;
    const token = forgeJwt({
      header: {
        alg: tenant.sessionAlg,
        typ: SESSION_TOKEN_TYPE,
        ...(hmac ? {} : { kid: this.identity.kid }),
        ...overrides.header,
      },
      payload: overrides.payload ?? { ...claims, ...overrides.claims },
      key: overrides.key === undefined ? (hmac ?? this.identity.privateKey) : overrides.key,
    });
    return { token, expires_at: new Date((iat + TTL_SECONDS) * 1000).toISOString() };
  }

  /** The platform's word about an installation, bound to the exact bytes of the body it comes with. */
  lifecycle(
    to: { tenant: string; iid: string; audience: string; body: Buffer },
    overrides: Overrides = {},
  ): string {
    const iat = Math.floor(Date.now() / 1000);
    const claims: LifecycleClaims = {
      iss: this.issuer(),
      aud: to.audience,
      tid: to.tenant,
      iid: to.iid,
      iat,
      exp: iat + TTL_SECONDS,
      jti: randomUUID(),
      bsh: createHash('sha256').update(to.body).digest('base64url'),
    };
    return forgeJwt({
      header: { alg: 'ES256', typ: LIFECYCLE_TOKEN_TYPE, kid: this.identity.kid, ...overrides.header },
      payload: overrides.payload ?? { ...claims, ...overrides.claims },
      key: overrides.key === undefined ? this.identity.privateKey : overrides.key,
    });
  }
}
