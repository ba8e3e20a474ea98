import type { KeyObject } from 'node:crypto';
import { checkedRecord, secretOf, type PresetKind, type ReadVariable } from '../preset-record.ts';

/** Where Kommo's accounts live: each at `https://<subdomain>.` of one of these. Ids of accounts are of one zone. */
const ISSUERS = ['https://kommo.com', 'https://amocrm.ru', 'https://amocrm.com'];
const SUBDOMAIN = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const KIND: PresetKind = {
  preset: 'kommo',
  fields: ['integrationId', 'secretEnv'],
  issuers: ISSUERS,
  secretEnv: 'KOMMO_SECRET',
};

/** Our integration at Kommo. Its secret signs the tokens of every account; as a `KeyObject` it prints as no text. */
export interface KommoIntegration {
  id: string;
  secret: KeyObject;
}

/**
 * `{ preset: "kommo", issuer, name, integrationId, secretEnv? }` of HOSTS_FILE.
 *
 * @throws Error with a sentence that says what to do
 */
export function kommoRecord(
  raw: Record<string, unknown>,
  read: ReadVariable,
  allowLocal: boolean,
): { issuer: string; name: string; kommo: KommoIntegration } {
  const { issuer, name } = checkedRecord(raw, KIND, allowLocal);
  const { integrationId } = raw;
  if (typeof integrationId !== 'string' || !UUID.test(integrationId)) {
    throw new Error(`integrationId of ${issuer} must be the integration's id from its page in Kommo, a UUID`);
  }
  return { issuer, name, kommo: { id: integrationId, secret: secretOf(raw, KIND, read) } };
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
