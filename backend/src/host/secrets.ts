import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * AES-256-GCM for the secrets of installations: 1 byte of format, 12 bytes of nonce, 16 of tag, the rest.
 * The owner's id is bound in, so that a secret copied to another row does not open.
 */
const FORMAT = 1;

export function seal(secret: string, key: Buffer, owner: string): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT]), nonce, cipher.getAuthTag(), sealed]);
}

/** @throws where the key, the owner or the bytes are not those it was sealed with */
export function open(sealed: Buffer, key: Buffer, owner: string): string {
  if (sealed[0] !== FORMAT) throw new Error('unknown format of a sealed secret');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13)).setAAD(Buffer.from(owner));
  decipher.setAuthTag(sealed.subarray(13, 29));
  return Buffer.concat([decipher.update(sealed.subarray(29)), decipher.final()]).toString('utf8');
}
