import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

export type TokenAlgorithm = 'HS256' | 'RS256' | 'ES256';

/** A key and the one algorithm it may be used with: the algorithm is never taken from a token. */
export interface HostKey {
  kid: string;
  alg: TokenAlgorithm;
  key: KeyObject;
}

export const KID = /^[A-Za-z0-9._-]{1,64}$/;

export function importPublicKey(kid: unknown, alg: unknown, pem: unknown): HostKey {
  if (typeof pem !== 'string') throw new Error(`key ${String(kid)} has no publicKey`);
  return checked(kid, alg, createPublicKey(pem));
}

export function importJWK(kid: unknown, alg: unknown, jwk: unknown): HostKey {
  return checked(kid, alg, createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }));
}

function checked(kid: unknown, alg: unknown, key: KeyObject): HostKey {
  if (typeof kid !== 'string' || !KID.test(kid)) throw new Error('a kid must be 1–64 of A–Z a–z 0–9 . _ -');
  if (alg === 'RS256') {
    if (key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) {
      throw new Error(`key ${kid} must be RSA of 2048 bits or more for RS256`);
    }
  } else if (alg === 'ES256') {
    if (key.asymmetricKeyType !== 'ec' || key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new Error(`key ${kid} must be on P-256 for ES256`);
    }
  } else {
    throw new Error(`key ${kid}: alg must be RS256 or ES256`);
  }
  return { kid, alg, key };
}
