import { performance } from 'node:perf_hooks';
import type { CampaignKey, Claimed } from './claim.ts';
import type { DispatchDatabase } from './dispatch-database.ts';
import { DueQueue } from './due-queue.ts';
import { beat, BEAT_MS, fairShare, leave, letGo, standing, takeLeases, type Lease } from './leases.ts';

/** How often campaigns that nobody looks after are looked for, in ms: the price of a start in another process. */
const LOOK_MS = 1000;
/** Leases taken at once. */
const AT_ONCE = 1000;
/** A process gives away what it has beyond its share once that is more than a tenth. */
const TOO_MANY = 1.1;
/** No due time is legally further ahead. What a clock put back makes of one must not be waited for. */
const LONGEST_WAIT_MS = 62_000;
/** So long after its time a campaign is no longer waiting for its turn. */
const OVERDUE_MS = 60_000;

interface Held {
  lease: Lease;
  /** Of the one entry of the queue that counts. */
  turn: number;
  dueAtMs: number;
}

/** The campaigns this process looks after, and when each is due: in memory, by the monotonic clock. */
export class LeasedCampaigns {
  private readonly held = new Map<string, Held>();
  private readonly queue = new DueQueue<{ key: string; turn: number }>();
  private turn = 0;
  private lookAtMs = 0;
  private beatAtMs = 0;

  constructor(
    private readonly database: DispatchDatabase,
    private readonly owner: string,
  ) {}

  all(): Lease[] {
    return [...this.held.values()].map(({ lease }) => lease);
  }

  lookNow(): void {
    this.lookAtMs = 0;
  }

  /** Stays alive, and takes over what nobody looks after, each when its time has come. @returns whether it took any */
  async keep(): Promise<boolean> {
    const now = performance.now();
    if (now >= this.beatAtMs) {
      await beat(this.database, this.owner);
      this.beatAtMs = now + BEAT_MS;
      await this.share();
    }
    if (now < this.lookAtMs) return false;
    this.lookAtMs = now + LOOK_MS;
    const taken = await takeLeases(this.database, this.owner, AT_ONCE);
    for (const { lease, dueInMs } of taken) this.dueIn(lease, Math.min(LONGEST_WAIT_MS, dueInMs));
    if (taken.length === AT_ONCE) this.lookNow();
    return taken.length > 0;
  }

  private async share(): Promise<void> {
    if (this.held.size < 2) return;
    const fair = await fairShare(this.database);
    if (this.held.size <= fair * TOO_MANY + 1) return;
    const given = this.all().slice(fair);
    for (const lease of given) this.drop(lease);
    await letGo(this.database, this.owner, given);
  }

  /**
   * @param admit after how many milliseconds a campaign may go on; 0 at once
   * @returns what is due and may go on
   */
  takeDue(now: number, limit: number, admit: (lease: Lease, now: number) => number): Lease[] {
    const due: Lease[] = [];
    for (const { key, turn } of this.queue.take(now, limit)) {
      const held = this.held.get(key);
      if (!held || held.turn !== turn) continue;
      const wait = admit(held.lease, now);
      if (wait > 0) this.dueIn(held.lease, wait);
      else due.push(held.lease);
    }
    return due;
  }

  /**
   * @param waitOf how many milliseconds one that was claimed waits for its next turn
   * @returns those of `due` that were not claimed
   */
  reschedule(
    due: readonly Lease[],
    claimed: readonly Claimed[],
    waitOf: (lease: Lease, claimed: Claimed) => number,
  ): Lease[] {
    const rest = new Map(due.map((lease) => [keyOf(lease), lease]));
    for (const each of claimed) {
      const lease = rest.get(keyOf(each))!;
      rest.delete(keyOf(each));
      if (lease.run !== each.run) this.drop(lease);
      else this.dueIn(lease, waitOf(lease, each));
    }
    return [...rest.values()];
  }

  /** What could not be claimed: not due yet after all, locked for a moment, or no longer this process's. */
  async lookAt(leases: readonly Lease[], lockedMs: number): Promise<void> {
    const found = await standing(this.database, this.owner, leases);
    leases.forEach((lease, at) => {
      const now = found.get(at);
      if (now?.run === lease.run)
        this.dueIn(lease, Math.min(LONGEST_WAIT_MS, Math.max(lockedMs, now.dueInMs)));
      else this.drop(lease);
    });
  }

  dueIn(lease: Lease, ms: number): void {
    const key = keyOf(lease);
    this.turn += 1;
    const dueAtMs = performance.now() + ms;
    this.held.set(key, { lease, turn: this.turn, dueAtMs });
    this.queue.add({ key, turn: this.turn }, dueAtMs);
  }

  /** Brings the next look at a campaign forward. */
  notLaterThan(campaign: CampaignKey, ms: number): void {
    const held = this.held.get(keyOf(campaign));
    if (held && held.dueAtMs > performance.now() + ms) this.dueIn(held.lease, ms);
  }

  /** It is looked after here, and its next look is not long past. */
  waitsForItsTime(campaign: CampaignKey): boolean {
    const held = this.held.get(keyOf(campaign));
    return held !== undefined && held.dueAtMs > performance.now() - OVERDUE_MS;
  }

  forget(campaigns: readonly CampaignKey[]): void {
    for (const each of campaigns) this.held.delete(keyOf(each));
  }

  private drop(lease: Lease): void {
    this.held.delete(keyOf(lease));
  }

  /** At an orderly stop. Where the database does not answer, the others wait until this process counts as dead. */
  async leave(): Promise<void> {
    this.held.clear();
    this.queue.clear();
    await leave(this.database, this.owner).catch(() => undefined);
  }
}

function keyOf({ accountId, campaignId }: { accountId: number; campaignId: number }): string {
  return `${accountId}:${campaignId}`;
}
