import { lookup, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { Agent } from 'undici';
import { ProblemError } from '../errors.ts';

/**
 * Addresses a host gives us and we then call: https and a public name, so that no host can make us call into
 * our own network. Development and the sandbox allow http and loopback.
 */
export function checkedOutgoingUrl(raw: unknown, allowLocal: boolean): string {
  if (typeof raw !== 'string' || !URL.canParse(raw)) throw new ProblemError('malformed');
  const url = new URL(raw);
  if (url.username !== '' || url.password !== '') throw new ProblemError('malformed');
  if (allowLocal && (url.protocol === 'http:' || url.protocol === 'https:')) return raw.replace(/\/$/, '');
  const name = url.hostname.replace(/^\[|\]$/g, '');
  if (
    url.protocol !== 'https:' ||
    isIP(name) !== 0 ||
    !name.includes('.') ||
    /\.(local|internal)$/.test(name)
  ) {
    throw new ProblemError('malformed');
  }
  return raw.replace(/\/$/, '');
}

/** An exact origin, for frame-ancestors and postMessage. */
export function checkedOrigin(raw: unknown, allowLocal: boolean): string {
  checkedOutgoingUrl(raw, allowLocal);
  const { origin } = new URL(raw as string);
  if (origin !== raw) throw new ProblemError('malformed');
  return origin;
}

/** Neither private, loopback, link-local nor reserved, also when an IPv4 address is written as one of IPv6. */
export function isPublicAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

/** For calls to addresses that a name leads to: public ones alone, unless hosts may be local. Follows no redirect. */
export function publicAgent(allowLocal: boolean, connectMs: number, options: Agent.Options = {}): Agent {
  const connect = { timeout: connectMs, ...(allowLocal ? {} : { lookup: lookupPublic }) };
  return new Agent({ ...options, connect });
}

/** @throws where an answer is longer than `maxBytes` */
export async function textOf(body: AsyncIterable<Buffer>, maxBytes: number): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > maxBytes) throw new Error('too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Nothing has left: no connection was made. */
class NotPublicError extends Error {
  override name = 'NotPublicError';
  readonly code = 'ENOTFOUND';

  constructor() {
    super('not a public address');
  }
}

type LookedUp = (error: Error | null, address?: unknown, family?: number) => void;

/** A name that leads into a private network is as good as an address there: checked when it is looked up, not before. */
function lookupPublic(name: string, options: LookupOptions, done: LookedUp): void {
  lookup(name, { ...options, all: true }, (error, found) => {
    if (error) return done(error);
    if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address)))
      return done(new NotPublicError());
    if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  });
}
