import type { KeyObject } from 'node:crypto';
import { isTimeZone } from '../../../../../contract/zoned-time.ts';
import { checkedRecord, secretOf, type PresetKind, type ReadVariable } from '../preset-record.ts';

const KIND: PresetKind = {
  preset: 'bitrix24',
  fields: ['clientId', 'secretEnv', 'timeZone'],
  // Bitrix24's servers of authorisation, which say whose an access is.
  issuers: ['https://oauth.bitrix24.tech', 'https://oauth.bitrix.info'],
  secretEnv: 'BITRIX24_SECRET',
};

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
 * @throws Error with a sentence that says what to do
 */
export function bitrix24Record(
  raw: Record<string, unknown>,
  read: ReadVariable,
  allowLocal: boolean,
): { issuer: string; name: string; bitrix24: Bitrix24App } {
  const { issuer, name } = checkedRecord(raw, KIND, allowLocal);
  const { clientId, timeZone = 'Europe/Moscow' } = raw;
  if (typeof clientId !== 'string' || !/^(app|local)\.[\w.]{10,100}$/.test(clientId)) {
    throw new Error(`clientId of ${issuer} must be the app's code from its page, such as local.5c8b…`);
  }
  if (typeof timeZone !== 'string' || !isTimeZone(timeZone)) {
    throw new Error(`timeZone of ${issuer} must be an IANA name such as Europe/Moscow`);
  }
  return { issuer, name, bitrix24: { clientId, secret: secretOf(raw, KIND, read), timeZone } };
}
