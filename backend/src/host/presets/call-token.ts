/** A token that a host without signatures puts on its calls: kept as its SHA-256, compared in constant time. */
import { createHash, timingSafeEqual } from 'node:crypto';

export function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export function isHashOf(token: string, hash: Buffer | null): boolean {
  return hash !== null && timingSafeEqual(hashOf(token), hash);
}
