import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/**
 * AES-256-GCM for the secrets of installations: 1 byte of format, 4 of the key's id, 12 of nonce, 16 of tag, the rest.
 * The owner's id is bound in, so that a secret copied to another row does not open.
 */
const FORMAT = 2;
/** Of before the keys had ids. */
const FORMAT_WITHOUT_ID = 1;
const ID_BYTES = 4;

/** 32 bytes each. The first seals; all open, so that a key can be replaced while its secrets are in use. */
export type SecretsKeys = readonly [Buffer, ...Buffer[]];

export function seal(secret: string, [key]: SecretsKeys, owner: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT]), idOf(key), nonce, cipher.getAuthTag(), sealed]);
}

/** @throws where none of the keys, or neither the owner nor the bytes, are those it was sealed with */
export function open(sealed: Buffer, keys: SecretsKeys, owner: string): string {
  const { keyId, rest } = partsOf(sealed);
  const fitting = keyId ? keys.filter((key) => idOf(key).equals(keyId)) : keys;
  if (fitting.length === 0) throw new Error('a secret was sealed with a key that SECRETS_KEY does not hold');
  for (const [at, key] of fitting.entries()) {
    try {
      return openWith(rest, key, owner);
    } catch (error) {
      if (at === fitting.length - 1) throw error;
    }
  }
  throw new Error('unreachable');
}

/** Whether it was sealed with the key that seals now. */
export function isSealedWithFirst(sealed: Buffer, [key]: SecretsKeys): boolean {
  return partsOf(sealed).keyId?.equals(idOf(key)) ?? false;
}

/** Says which key it was, and nothing about it. */
function idOf(key: Buffer): Buffer {
  return createHash('sha256').update('key id').update(key).digest().subarray(0, ID_BYTES);
}

function partsOf(sealed: Buffer): { keyId: Buffer | null; rest: Buffer } {
  if (sealed[0] === FORMAT_WITHOUT_ID) return { keyId: null, rest: sealed.subarray(1) };
  if (sealed[0] !== FORMAT) throw new Error('unknown format of a sealed secret');
  return { keyId: sealed.subarray(1, 1 + ID_BYTES), rest: sealed.subarray(1 + ID_BYTES) };
}

function openWith(rest: Buffer, key: Buffer, owner: string): string {
  const decipher = createDecipheriv('aes-256-gcm', key, rest.subarray(0, 12)).setAAD(Buffer.from(owner));
  decipher.setAuthTag(rest.subarray(12, 28));
  return Buffer.concat([decipher.update(rest.subarray(28)), decipher.final()]).toString('utf8');
}
