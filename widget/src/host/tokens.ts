/**
 * The host's token, in memory only. A new one is asked for half a minute before the old one ends, or when the
 * server has refused it; however many requests need one, a single `token.request` is under way.
 */
import type { FrameToken } from './bridge.ts';

const RENEW_BEFORE_MS = 30_000;

export class SessionLostError extends Error {
  override name = 'SessionLostError';
}

export interface Tokens {
  /** A token that should hold. */
  current(): Promise<string>;
  /** Another one than is held, whatever that is good for: the session was lost, and a person asks for it again. */
  anew(): Promise<string>;
  /** A token other than the refused one. */
  instead(refused: string): Promise<string>;
  set(token: FrameToken): void;
}

export interface TokensOptions {
  request(reason: 'expiring' | 'rejected'): Promise<FrameToken>;
  onLost(): void;
  onFound(): void;
  now?(): number;
}

export function createTokens({ request, onLost, onFound, now = Date.now }: TokensOptions): Tokens {
  let held: FrameToken | null = null;
  let renewal: Promise<string> | null = null;

  function set(token: FrameToken): void {
    held = token;
    onFound();
  }

  function renew(reason: 'expiring' | 'rejected'): Promise<string> {
    renewal ??= request(reason)
      .then((token) => {
        set(token);
        return token.token;
      })
      .catch(() => {
        // An old token that still holds for some seconds is better than a lost session.
        if (reason === 'expiring' && held && Date.parse(held.expires_at) > now()) return held.token;
        onLost();
        throw new SessionLostError();
      })
      .finally(() => (renewal = null));
    return renewal;
  }

  return {
    set,
    async current() {
      if (held && Date.parse(held.expires_at) - RENEW_BEFORE_MS > now()) return held.token;
      return renew('expiring');
    },
    anew: () => renew('rejected'),
    async instead(refused) {
      return held && held.token !== refused ? held.token : renew('rejected');
    },
  };
}
