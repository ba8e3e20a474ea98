import type { HostChannel } from '../../contract/host-api.ts';
import { Problem } from './problem.ts';

const MINUTE_MS = 60_000;

/** Holds channels to the limits they declare: what has arrived in the last 60 seconds, counted for those that have one. */
export class ChannelTraffic {
  private readonly arrivals = new Map<string, number[]>();

  /**
   * @param now milliseconds of any clock that does not go back
   * @throws Problem 429 with Retry-After where one more would be above the limit
   */
  admit(tenant: string, channel: HostChannel | undefined, now: number): void {
    if (!channel?.limits) return;
    const key = `${tenant} ${channel.id}`;
    const recent = (this.arrivals.get(key) ?? []).filter((at) => at > now - MINUTE_MS);
    this.arrivals.set(key, recent);
    if (recent.length + 1 > channel.limits.per_second * 60) {
      const seconds = Math.ceil(((recent[0] ?? now) + MINUTE_MS - now) / 1000);
      throw new Problem(429, 'rate_limited', 'The channel is above its limit.', seconds);
    }
    recent.push(now);
  }
}
