import { createHash, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { HostKey } from './host-keys.ts';

/** Seconds by which a host's clock may be off ours. */
export const CLOCK_SKEW_SECONDS = 10;
const MAX_TOKEN_BYTES = 4096;
/** Of the header and of the claims, each, decoded. */
const MAX_PART_BYTES = 2048;
/** Objects within objects: no claim of ours needs one, and parsers differ in how deep they go. */
const MAX_DEPTH = 4;
const SEGMENT = /^[A-Za-z0-9_-]+$/;
const HEADER_FIELDS = new Set(['alg', 'typ', 'kid']);

/** Why a token was refused: `expired` alone is worth asking for a fresh one. The text is for the log only. */
export class TokenRefused extends Error {
  readonly expired: boolean;

  constructor(reason: string, expired = false) {
    super(reason);
    this.expired = expired;
  }
}

export interface UnverifiedToken {
  raw: string;
  header: { alg: string; typ?: unknown; kid?: string };
  claims: Record<string, unknown>;
}

/** Takes a token apart without believing it: `iss`, `tid`, `iid` and `kid` only select the key to check it with. */
export function parseToken(raw: string): UnverifiedToken {
  if (raw.length > MAX_TOKEN_BYTES) throw new TokenRefused('too long');
  const segments = raw.split('.', 4);
  if (segments.length !== 3 || !segments.every(isBase64url)) {
    throw new TokenRefused('not three base64url segments');
  }
  const header = jsonObject(segments[0]!);
  const claims = jsonObject(segments[1]!);
  for (const field of Object.keys(header)) {
    if (!HEADER_FIELDS.has(field)) throw new TokenRefused(`header field ${field.slice(0, 20)}`);
  }
  if (typeof header['alg'] !== 'string') throw new TokenRefused('no alg');
  if (header['kid'] !== undefined && typeof header['kid'] !== 'string')
    throw new TokenRefused('kid is not text');
  return { raw, header: header as UnverifiedToken['header'], claims };
}

/** The one way to write these bytes: spare bits at the end of a segment must not make a second token of the first. */
function isBase64url(segment: string): boolean {
  return SEGMENT.test(segment) && Buffer.from(segment, 'base64url').toString('base64url') === segment;
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Object.values(value).reduce((deepest: number, each) => Math.max(deepest, depthOf(each)), 0);
}

function jsonObject(segment: string): Record<string, unknown> {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.length > MAX_PART_BYTES) throw new TokenRefused('header or claims too long');
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(text);
  } catch {
    throw new TokenRefused('not JSON in UTF-8');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TokenRefused('not an object');
  if (depthOf(value) > MAX_DEPTH) throw new TokenRefused('too deep');
  // A parser that takes the first of two equal keys and one that takes the last read two different tokens.
  if (hasRepeatedKey(text)) throw new TokenRefused('a key stands twice');
  return value as Record<string, unknown>;
}

/** Whether an object of a valid JSON text names a key twice, at any depth. */
export function hasRepeatedKey(json: string): boolean {
  const open: (Set<string> | null)[] = [];
  const tokens = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/g;
  for (const [token, colon] of json.matchAll(tokens)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(null);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined) {
      const keys = open.at(-1);
      const key = JSON.parse(token.slice(0, token.lastIndexOf('"') + 1)) as string;
      if (keys?.has(key)) return true;
      keys?.add(key);
    }
  }
  return false;
}

export interface TokenExpectation {
  typ: string;
  issuer: string;
  audience: string;
  maxTtlSeconds: number;
}

/**
 * Checks the signature with the key's own algorithm, and everything `jsonwebtoken` leaves open: that `exp` and
 * `iat` are there and close together, that `aud` is exactly ours, that the kind of token is the expected one.
 *
 * @param now seconds since 1970
 * @throws TokenRefused
 */
export function verifyToken(
  token: UnverifiedToken,
  key: HostKey,
  expect: TokenExpectation,
  now: number,
): void {
  if (token.header.alg !== key.alg) throw new TokenRefused('alg is not the one of the key');
  if (token.header.typ !== expect.typ) throw new TokenRefused('wrong kind of token');
  try {
    jwt.verify(token.raw, key.key, { algorithms: [key.alg], ignoreExpiration: true, ignoreNotBefore: true });
  } catch (error) {
    throw new TokenRefused(`signature: ${(error as Error).message}`);
  }
  const { iss, aud, iat, exp, nbf, jti } = token.claims;
  if (iss !== expect.issuer) throw new TokenRefused('issuer');
  if ((Array.isArray(aud) ? (aud.length === 1 ? aud[0] : null) : aud) !== expect.audience) {
    throw new TokenRefused('audience');
  }
  if (!isSecond(iat) || !isSecond(exp) || (nbf !== undefined && !isSecond(nbf)))
    throw new TokenRefused('times');
  if (exp <= iat || exp - iat > expect.maxTtlSeconds) throw new TokenRefused('lifetime');
  if (iat > now + CLOCK_SKEW_SECONDS) throw new TokenRefused('issued in the future');
  if (isSecond(nbf) && nbf > now + CLOCK_SKEW_SECONDS) throw new TokenRefused('not yet valid');
  if (typeof jti !== 'string' || !/^[A-Za-z0-9_-]{16,128}$/.test(jti)) throw new TokenRefused('jti');
  if (now >= exp + CLOCK_SKEW_SECONDS) throw new TokenRefused('expired', true);
}

/** Of two keys, which one to check a token with. */
export function isSignedBy(token: UnverifiedToken, { alg, key }: HostKey): boolean {
  try {
    jwt.verify(token.raw, key, { algorithms: [alg], ignoreExpiration: true, ignoreNotBefore: true });
    return true;
  } catch {
    return false;
  }
}

function isSecond(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 1e11;
}

/** Neither control characters, nor halves of surrogate pairs, nor what turns the direction of writing. */
const NAME = /^[^\p{Cc}\p{Cs}\u200e\u200f\u202a-\u202e\u2066-\u2069]{1,128}$/u;

/** A claim that names something: text of 1 to 128 characters without control characters. */
export function nameClaim(claims: Record<string, unknown>, name: string): string {
  const value = claims[name];
  if (typeof value !== 'string' || !NAME.test(value)) {
    throw new TokenRefused(name);
  }
  return value;
}

export function bodyHashMatches(claim: unknown, body: Buffer): boolean {
  const expected = createHash('sha256').update(body).digest();
  const given = Buffer.from(typeof claim === 'string' ? claim : '', 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
