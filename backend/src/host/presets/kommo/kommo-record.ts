import type { KeyObject } from 'node:crypto';
import { checkedOrigin } from '../../outgoing.ts';
import { secretFrom } from '../secret-variable.ts';

/** Where Kommo's accounts live: each at `https://<subdomain>.` of one of these. Ids of accounts are of one zone. */
const ISSUERS = ['https://kommo.com', 'https://amocrm.ru', 'https://amocrm.com'];
const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const FIELDS = ['preset', 'issuer', 'name', 'integrationId', 'secretEnv'];

/** Our integration at Kommo. Its secret signs the tokens of every account; as a `KeyObject` it prints as no text. */
export interface KommoIntegration {
  id: string;
  secret: KeyObject;
}

/**
 * `{ preset: "kommo", issuer, name, integrationId, secretEnv? }` of HOSTS_FILE.
 *
 * @param read gives a variable of the environment
 * @throws Error with a sentence that says what to do
 */
export function kommoRecord(
  raw: Record<string, unknown>,
  read: (name: string) => string | undefined,
  allowLocal: boolean,
): { issuer: string; name: string; kommo: KommoIntegration } {
  const unknown = Object.keys(raw).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) throw new Error(`a kommo host knows no ${unknown}, only ${FIELDS.join(', ')}`);
  const { issuer, name, integrationId, secretEnv = 'KOMMO_SECRET' } = raw;
  if (typeof issuer !== 'string' || (!ISSUERS.includes(issuer) && !isLocal(issuer, allowLocal))) {
    throw new Error(`the issuer of a kommo host must be one of ${ISSUERS.join(', ')}`);
  }
  if (typeof name !== 'string' || name === '') throw new Error(`${issuer} needs a name to be shown by`);
  if (typeof integrationId !== 'string' || !UUID.test(integrationId)) {
    throw new Error(`integrationId of ${issuer} must be the integration's id from its page in Kommo, a UUID`);
  }
  const secret = secretFrom(issuer, secretEnv, 'KOMMO_SECRET', read);
  return { issuer, name, kommo: { id: integrationId, secret } };
}

/** For development: a stand-in is its own single account. */
function isLocal(issuer: string, allowLocal: boolean): boolean {
  return allowLocal && issuer.startsWith('http://') && checkedOrigin(issuer, true) === issuer;
}

/** Whether this is, character by character, the address of an account: no port, no path, one name before the zone's. */
export function isAccountOf(issuer: string, origin: unknown): origin is string {
  if (typeof origin !== 'string') return false;
  if (!ISSUERS.includes(issuer)) return origin === issuer;
  const zone = issuer.replace('https://', '.');
  return (
    origin.startsWith('https://') && origin.endsWith(zone) && SUBDOMAIN.test(origin.slice(8, -zone.length))
  );
}

export function subdomainOf(origin: string): string {
  return new URL(origin).hostname.split('.')[0]!;
}
