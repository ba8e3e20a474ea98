import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { request, type Agent } from 'undici';
import { CONFIG } from '../tokens.ts';
import type { Config, HostRecord } from '../config.ts';
import { importJWK, KID, type HostKey } from './host-keys.ts';
import { publicAgent, textOf } from './outgoing.ts';

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
    this.agent = publicAgent(config.allowLocalHosts, ANSWER_MS);
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
    return keysOf(JSON.parse(await textOf(answer.body, MAX_BYTES)));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.agent.destroy();
  }
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
