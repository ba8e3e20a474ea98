import { lookup, type LookupOptions } from 'node:dns';
import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { CONFIG } from '../tokens.ts';
import type { Config, HostRecord } from '../config.ts';
import { importJWK, KID, type HostKey } from './host-keys.ts';
import { isPublicAddress } from './outgoing.ts';

/** A key that its host has withdrawn stops working after this, in ms. */
const FRESH_MS = 10 * 60_000;
/** A host that is down keeps its last good keys for so long, in ms. */
const LAST_GOOD_MS = 60 * 60_000;
/** However many tokens name keys nobody knows, a host is asked once in this time, in ms. */
const ASK_AGAIN_MS = 30_000;
const ANSWER_MS = 5000;
const MAX_BYTES = 64 * 1024;
const MAX_KEYS = 100;

interface KeySet {
  keys: Map<string, HostKey>;
  fetchedAt: number;
  askedAt: number;
  asking: Promise<void> | null;
}

/**
 * The keys of the registered hosts: those in our settings and, where a host is registered with the address of its JWKS
 * (RFC 7517), those it publishes there. A key is found by the equality of its `kid`, never by an address in a token.
 */
@Injectable()
export class HostKeySets implements OnApplicationShutdown {
  private readonly logger = new Logger(HostKeySets.name);
  private readonly sets = new Map<string, KeySet>();
  private readonly agent: Agent;

  constructor(@Inject(CONFIG) config: Config) {
    this.agent = new Agent({
      connect: { timeout: ANSWER_MS, ...(config.allowLocalHosts ? {} : { lookup: lookupPublic }) },
    });
  }

  /**
   * @param now milliseconds since 1970
   * @returns null where the host has no such key, or has not been heard of for an hour
   */
  async find(host: HostRecord, kid: string, now: number): Promise<HostKey | null> {
    const registered = host.keys.find((key) => key.kid === kid);
    if (registered || host.jwksUrl === null || !KID.test(kid)) return registered ?? null;
    const set = this.setOf(host.issuer);
    if (!set.keys.has(kid) || now - set.fetchedAt >= FRESH_MS) await this.ask(host, set, now);
    return now - set.fetchedAt < LAST_GOOD_MS ? (set.keys.get(kid) ?? null) : null;
  }

  private setOf(issuer: string): KeySet {
    let set = this.sets.get(issuer);
    if (!set) {
      set = { keys: new Map(), fetchedAt: -Infinity, askedAt: -Infinity, asking: null };
      this.sets.set(issuer, set);
    }
    return set;
  }

  /** One question at a time, and not before its time; whoever comes meanwhile waits for the same answer. */
  private ask(host: HostRecord, set: KeySet, now: number): Promise<void> {
    if (set.asking) return set.asking;
    // A clock put back must not silence us until it has caught up.
    if (now - set.askedAt < ASK_AGAIN_MS && now >= set.askedAt) return Promise.resolve();
    set.askedAt = now;
    set.asking = this.fetch(host.jwksUrl!)
      .then(
        (keys) => Object.assign(set, { keys, fetchedAt: now }),
        (error: unknown) =>
          this.logger.warn(`keys of ${host.issuer} are as they were: ${(error as Error).message}`),
      )
      .then(() => void (set.asking = null));
    return set.asking;
  }

  private async fetch(url: string): Promise<Map<string, HostKey>> {
    const answer = await request(url, {
      dispatcher: this.agent,
      headers: { accept: 'application/json' },
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.statusCode !== 200) {
      // A redirect is an answer like any other that is not a key set.
      await answer.body.dump({ limit: MAX_BYTES });
      throw new Error(`status ${answer.statusCode}`);
    }
    return keysOf(JSON.parse(await textOf(answer.body)));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
}

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_BYTES) throw new Error('too large');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

/** Private and symmetric keys, weak ones and other algorithms are left out; of equal names the first counts. */
function keysOf(answer: unknown): Map<string, HostKey> {
  const list = (answer as { keys?: unknown } | null)?.keys;
  if (!Array.isArray(list) || list.length > MAX_KEYS) throw new Error('not a key set');
  const keys = new Map<string, HostKey>();
  for (const jwk of list as Record<string, unknown>[]) {
    const key = usableKey(jwk);
    if (key && !keys.has(key.kid)) keys.set(key.kid, key);
  }
  return keys;
}

function usableKey(jwk: Record<string, unknown>): HostKey | null {
  try {
    if (jwk['kty'] === 'oct' || 'd' in jwk || (jwk['use'] ?? 'sig') !== 'sig') return null;
    const alg = jwk['alg'] ?? (jwk['kty'] === 'EC' ? 'ES256' : 'RS256');
    return importJWK(jwk['kid'], alg, jwk);
  } catch {
    return null;
  }
}

type LookedUp = (error: Error | null, address?: unknown, family?: number) => void;

/** A name that leads into a private network is as good as an address there: checked when it is looked up, not before. */
function lookupPublic(name: string, options: LookupOptions, done: LookedUp): void {
  lookup(name, { ...options, all: true }, (error, found) => {
    if (error) return done(error);
    if (found.length === 0 || !found.every(({ address }) => isPublicAddress(address)))
      return done(new Error('not a public address'));
    if (options.all) done(null, found);
    else done(null, found[0]!.address, found[0]!.family);
  });
}
