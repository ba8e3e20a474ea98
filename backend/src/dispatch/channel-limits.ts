/**
 * Campaigns of channels that declare a limit, as this process sees them. Three things are kept apart:
 *   - the limit: no message leaves without a place in its channel's row, which all processes share (`channel-places.ts`);
 *   - the campaign's own rate: its row and `pacing.ts`, as ever;
 *   - fairness: how often a campaign asks for places, by its share, in memory, worked out anew every second.
 * Campaigns of other channels pass through untouched.
 */
import { performance } from 'node:perf_hooks';
import { fairShares, fastest, placesFor } from './channel-pacing.ts';
import { membersOfChannels, reservePlaces, type Member, type Wanted } from './channel-places.ts';
import type { CampaignKey, Claimed, ClaimLimit } from './claim.ts';
import type { DispatchDatabase } from './dispatch-database.ts';
import type { LeasedCampaigns } from './leased-campaigns.ts';
import type { Lease } from './leases.ts';
import { channelOf } from './names.ts';
import { spacing } from './pacing.ts';

/** How often shares are worked out, in ms: how long what others have given up stays unused. */
const LOOK_MS = 1000;
/** How far behind its share a campaign may fall and still catch up, in ms. The limit does not depend on it. */
const PATIENCE_MS = 5000;
/** The least time until a campaign asks again, in ms. */
const ASK_AGAIN_MS = 5;

interface Known {
  /** Per minute. */
  share: number;
  /** When its share lets it go on, on the monotonic clock. */
  nextMs: number;
  /** Nothing was there at its last claim: it asks for no places until there is. */
  empty: boolean;
}

export interface Admitted {
  leases: Lease[];
  /** Of the first of `leases`, in their order; the others have none. */
  limits: ClaimLimit[];
}

export class ChannelLimits {
  private known = new Map<string, Known>();
  private places = new Map<string, number>();
  private lookAtMs = 0;

  constructor(
    private readonly database: DispatchDatabase,
    private readonly owner: string,
    private readonly leases: LeasedCampaigns,
  ) {}

  /** New leases may be of limited channels: they must be known before anything is claimed for them. */
  lookNow(): void {
    this.lookAtMs = 0;
  }

  /** Works out the shares, when it is time. */
  async keep(): Promise<void> {
    if (performance.now() < this.lookAtMs) return;
    const members = await membersOfChannels(this.database, this.owner);
    const now = performance.now();
    this.lookAtMs = now + LOOK_MS;
    const before = this.known;
    this.known = new Map();
    for (const channel of byChannel(members)) {
      // One that waits for its hours leaves its share to the others.
      const open = channel.filter(({ closed }) => !closed);
      const shares = fairShares(
        open.map(({ rate }) => rate),
        channel[0]!.limit,
      );
      for (const member of channel.filter(({ mine }) => mine)) {
        const share = member.closed ? Math.min(member.rate, member.limit) : shares[open.indexOf(member)]!;
        this.learn(member, share, before.get(keyOf(member)), now);
      }
    }
  }

  private learn(member: Member, share: number, before: Known | undefined, now: number): void {
    const { nextMs = now, empty = false } = before ?? {};
    const known: Known = { share, nextMs, empty };
    this.known.set(keyOf(member), known);
    if (!before || share <= before.share || nextMs <= now) return;
    // The wait that is left was for the smaller share.
    known.nextMs = now + (nextMs - now) * (before.share / share);
    this.leases.notLaterThan(member, known.nextMs - now);
  }

  /** Asks for places for those that need them. Who gets none looks again when its turn has come. */
  async admit(due: readonly Lease[]): Promise<Admitted> {
    this.places = new Map();
    const limited = due.filter((lease) => this.known.has(keyOf(lease)));
    if (limited.length === 0) return { leases: [...due], limits: [] };
    const wanted = this.wantedBy(limited);
    const turns = await reservePlaces(this.database, wanted);
    const free = due.filter((lease) => !this.known.has(keyOf(lease)));
    const leases: Lease[] = [];
    const limits: ClaimLimit[] = [];
    limited.forEach((lease, at) => {
      const { limit, waitMs } = turns[at]!;
      const { places } = wanted[at]!;
      if (limit === null) free.push(lease);
      else if (waitMs > 0 && places > 0) this.leases.dueIn(lease, Math.max(ASK_AGAIN_MS, waitMs));
      else {
        leases.push(lease);
        limits.push({ fastest: fastest(limit), size: Math.max(1, places) });
        this.places.set(keyOf(lease), places);
      }
    });
    return { leases: [...leases, ...free], limits };
  }

  private wantedBy(limited: readonly Lease[]): Wanted[] {
    const sums = new Map<string, number>();
    return limited.map((lease) => {
      const { share, empty } = this.known.get(keyOf(lease))!;
      const places = empty ? 0 : placesFor(share);
      const before = sums.get(channelOf(lease)) ?? 0;
      sums.set(channelOf(lease), before + places);
      return { accountId: lease.accountId, channelId: lease.channelId, places, before };
    });
  }

  /** How many messages of a grant just claimed have a place; undefined: its channel has no limit. */
  placesOf(campaign: CampaignKey): number | undefined {
    return this.places.get(keyOf(campaign));
  }

  /** A campaign was claimed. @returns how many milliseconds its share tells it to wait */
  waitAfter(claimed: Claimed): number {
    const known = this.known.get(keyOf(claimed));
    const places = this.placesOf(claimed);
    if (!known || places === undefined) return 0;
    known.empty = claimed.grant === null;
    if (known.empty || places === 0) return 0;
    const now = performance.now();
    known.nextMs = Math.max(known.nextMs, now - PATIENCE_MS) + places * spacing(known.share) * 1000;
    return known.nextMs - now;
  }
}

function byChannel(members: readonly Member[]): Member[][] {
  const channels = new Map<string, Member[]>();
  for (const member of members) {
    const known = channels.get(channelOf(member));
    if (known) known.push(member);
    else channels.set(channelOf(member), [member]);
  }
  return [...channels.values()];
}

function keyOf({ accountId, campaignId }: CampaignKey): string {
  return `${accountId}:${campaignId}`;
}
