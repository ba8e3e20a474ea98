import type { KeyObject } from 'node:crypto';
import { isTimeZone } from '../../../../../contract/zoned-time.ts';
import { checkedOrigin } from '../../outgoing.ts';
import { secretFrom } from '../secret-variable.ts';

/** Bitrix24's servers of authorisation, which say whose an access is. */
const ISSUERS = ['https://oauth.bitrix24.tech', 'https://oauth.bitrix.info'];
const FIELDS = ['preset', 'issuer', 'name', 'clientId', 'secretEnv', 'timeZone'];

/** Our app at Bitrix24. */
export interface Bitrix24App {
  clientId: string;
  secret: KeyObject;
  /** Of accounts whose administrator has none in the profile: Bitrix24 tells no other. */
  timeZone: string;
}

/**
 * `{ preset: "bitrix24", issuer, name, clientId, secretEnv?, timeZone? }` of HOSTS_FILE.
 *
 * @param read gives a variable of the environment
 * @throws Error with a sentence that says what to do
 */
export function bitrix24Record(
  raw: Record<string, unknown>,
  read: (name: string) => string | undefined,
  allowLocal: boolean,
): { issuer: string; name: string; bitrix24: Bitrix24App } {
  const unknown = Object.keys(raw).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined)
    throw new Error(`a bitrix24 host knows no ${unknown}, only ${FIELDS.join(', ')}`);
  const { issuer, name, clientId, secretEnv = 'BITRIX24_SECRET', timeZone = 'Europe/Moscow' } = raw;
  const isKnown = ISSUERS.includes(String(issuer)) || isLocal(issuer, allowLocal);
  if (typeof issuer !== 'string' || !isKnown) {
    throw new Error(`the issuer of a bitrix24 host must be one of ${ISSUERS.join(', ')}`);
  }
  if (typeof name !== 'string' || name === '') throw new Error(`${issuer} needs a name to be shown by`);
  if (typeof clientId !== 'string' || !/^(app|local)\.[\w.]{10,100}$/.test(clientId)) {
    throw new Error(`clientId of ${issuer} must be the app's code from its page, such as local.5c8b…`);
  }
  if (typeof timeZone !== 'string' || !isTimeZone(timeZone)) {
    throw new Error(`timeZone of ${issuer} must be an IANA name such as Europe/Moscow`);
  }
  const secret = secretFrom(issuer, secretEnv, 'BITRIX24_SECRET', read);
  return { issuer, name, bitrix24: { clientId, secret, timeZone } };
}

/** For development: a stand-in. */
function isLocal(issuer: unknown, allowLocal: boolean): boolean {
  if (!allowLocal || typeof issuer !== 'string' || !issuer.startsWith('http://')) return false;
  return checkedOrigin(issuer, true) === issuer;
}
