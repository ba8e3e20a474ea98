/** The call by which a host installs us. */
import * as v from 'valibot';
import { LIFECYCLE_TOKEN_TYPE } from '../../contract/host-api.ts';
import type { HostKey } from '../src/host/host-keys.ts';
import { InstalledSchema } from '../src/host/lifecycle-events.ts';
import { SecretsSchema } from '../src/host/secret-exchange.ts';
import { bodyHashMatches, parseToken, verifyToken } from '../src/host/token.ts';
import { dotted, must } from './fault.ts';
import type { InstallCall } from './our-side.ts';

const MAX_TTL_SECONDS = 300;

/** @param audience our address, as the host knows it · @throws what the product itself would refuse the call for */
export function checkInstall(call: InstallCall | null, key: HostKey, issuer: string, audience: string): void {
  must(call, 'no install call came: is our address yours, and did somebody press "install"?');
  const [scheme, raw = ''] = (call.headers['authorization'] ?? '').split(' ');
  must(scheme === 'Bearer', 'the call needs Authorization: Bearer with the lifecycle token');
  const token = parseToken(raw);
  const expect = { typ: LIFECYCLE_TOKEN_TYPE, issuer, audience, maxTtlSeconds: MAX_TTL_SECONDS };
  verifyToken(token, key, expect, Math.floor(Date.now() / 1000));
  must(
    bodyHashMatches(token.claims['bsh'], Buffer.from(call.body)),
    'bsh is not the SHA-256 of the body as it was sent, in base64url',
  );
  const read = v.safeParse(InstalledSchema, JSON.parse(call.body));
  must(read.success, `the body is not of the contract: ${dotted(read.issues)}`);
  const { tenant, installation_id } = read.output;
  const isSame = token.claims['tid'] === tenant.id && token.claims['iid'] === installation_id;
  must(isSame, 'tid and iid of the token are not the tenant and the installation of the body');
}

export function checkSecrets(call: InstallCall | null): void {
  must(call, 'no install call came');
  const [first, second] = call.exchanges;
  must(
    first?.status === 200,
    `the install code got ${first?.status ?? 'no answer'} in place of 200 at token_url`,
  );
  const read = v.safeParse(SecretsSchema, first.body);
  must(read.success, `the secrets are not of the contract: ${dotted(read.issues)}`);
  must(second!.status >= 400, 'the same install code was good a second time');
}
