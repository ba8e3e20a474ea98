import { createHmac, sign, type KeyObject } from 'node:crypto';

/**
 * A signer that signs whatever it is given. Libraries refuse to make wrong tokens, and the sandbox has to:
 * tests need tokens with any header, claim and key.
 */
export interface Forged {
  header: Record<string, unknown>;
  /** A string is taken as it is, so that duplicate keys and broken JSON can be made. */
  payload: Record<string, unknown> | string;
  /** The key decides how to sign, the header only what is claimed: a Buffer signs with HMAC; null leaves the signature empty. */
  key: KeyObject | Buffer | null;
}

export function forgeJwt({ header, payload, key }: Forged): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
  const signed = `${encode(JSON.stringify(header))}.${encode(text)}`;
  return `${signed}.${signature(signed, key)}`;
}

function encode(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function signature(signed: string, key: Forged['key']): string {
  if (key === null) return '';
  if (Buffer.isBuffer(key)) return createHmac('sha256', key).update(signed).digest('base64url');
  return sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}
