import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
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
