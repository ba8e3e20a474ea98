/**
 * The sending loop. A campaign's message goes through these hands:
 *
 *   queue ──claim──▶ granted ──its slot──▶ on its way ──answer──▶ outcome booked ──flush──▶ recorded
 *                       │ slot missed, campaign halted, channel slowed
 *                       └──────────────────▶ given back (still queued; the grant is handed out again)
 *
 * The grant is on disk before anything leaves; a message leaves only within its slot, checked at the moment of
 * writing; outcomes are recorded in batches and kept until the database has taken them.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG, GATEWAYS } from '../tokens.ts';
import type { Config } from '../config.ts';
import { maskPhones } from '../error.filter.ts';
import { Attempts } from './attempts.ts';
import { completeFinished, healGrants, othersMaySend, othersOnTheWay } from './campaign-stops.ts';
import { ChannelGates } from './channel-gates.ts';
import { ChannelLimits } from './channel-limits.ts';
import { claim, grantedRows, skipHoles, type Claimed } from './claim.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import { withoutKeys, type Gateways } from './gateway.ts';
import { giveBackUnknown } from './given-back.ts';
import { HandOver } from './hand-over.ts';
import { LeasedCampaigns } from './leased-campaigns.ts';
import type { Lease } from './leases.ts';
import { channelOf } from './names.ts';
import { OutcomeBook } from './outcome-book.ts';
import { goOnElsewhere } from './queue-parts.ts';
import { RunContents } from './run-contents.ts';
import { SelfDefence } from './self-defence.ts';
import { Watchdog } from './watchdog.ts';
import { queueWhatWasLeftOver } from './withdraw.ts';

/** Campaigns in one claim. More would only lengthen the statement; the rest is taken at once after it. */
const CAMPAIGNS_AT_ONCE = 500;
/** Time for a late answer to be recorded before another process takes the grant over, in seconds. */
const RECORDING_SECONDS = 2;
/** How long nothing is claimed after the database did not answer, in ms. */
const AFTER_ERROR_MS = 500;
/** A campaign that another process holds for a moment is looked at again after this, in ms. */
const LOCKED_MS = 20;
/** How often another process's grants are looked at while a campaign is being silenced, in ms. */
const LOOK_AGAIN_MS = 50;
@Injectable()
export class Dispatcher {
  private readonly logger = new Logger(Dispatcher.name);
  /** This process among all that share the database. */
  readonly owner = randomUUID();
  private readonly book: OutcomeBook;
  private readonly leases: LeasedCampaigns;
  private readonly gates = new ChannelGates();
  private readonly limits: ChannelLimits;
  private readonly hands: HandOver;
  private readonly attempts: Attempts;
  private readonly watchdog: Watchdog;
  private readonly defence: SelfDefence;
  private claiming: Promise<number> | null = null;
  private quietUntil = 0;
  /** A claim's answer was lost: grants may be this process's that it does not know of. */
  private unsure = false;
  /** The last claim was full, so that more may be due. */
  private more = false;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly database: DispatchDatabase,
    private readonly contents: RunContents,
    @Inject(GATEWAYS) private readonly gateways: Gateways,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.attempts = new Attempts(database);
    this.book = new OutcomeBook(database, this.owner, this.attempts);
    this.leases = new LeasedCampaigns(database, this.owner);
    this.limits = new ChannelLimits(database, this.owner, this.leases);
    const { gates, leases, book } = this;
    this.defence = new SelfDefence(dataSource.manager, gates, leases, book, config.alikeRefusals);
    this.watchdog = new Watchdog(dataSource.manager, this.owner, leases, answerSecondsOf(config));
    this.hands = new HandOver(
      gateways,
      contents,
      book,
      this.attempts,
      config.channelConcurrency,
      (grant, answer, channel) => this.defence.learn(this.hands, grant, answer, channel),
      (channel) => gates.isOutOfOrder(channel),
    );
  }

  /** Called by the clock: claims what is due, unless a claim is running or nothing can be due yet. */
  async tick(): Promise<void> {
    if (this.stopped || this.claiming || performance.now() < this.quietUntil) return;
    try {
      // What did not fit into a claim is overdue already: waiting for the next tick would cost its rate.
      do await this.runOnce();
      while (this.more && !this.stopped);
    } catch (error) {
      // The database is gone or restarting: the next tick tries again; what is granted still has its deadline.
      this.logger.warn(`claim failed: ${maskPhones((error as Error).message)}`);
      this.quietUntil = performance.now() + AFTER_ERROR_MS;
    }
  }

  /** A campaign has just begun or changed: do not wait for the next look. */
  wake(): void {
    this.leases.lookNow();
  }

  /** Looks after its leases and claims what is due. @returns how many messages it took in hand */
  runOnce(): Promise<number> {
    this.claiming ??= this.claimOnce().finally(() => (this.claiming = null));
    return this.claiming;
  }

  private async claimOnce(): Promise<number> {
    if (this.unsure) await this.releaseUnknown();
    if (await this.leases.keep()) this.limits.lookNow();
    await this.limits.keep();
    const due = this.leases.takeDue(performance.now(), CAMPAIGNS_AT_ONCE, (lease, now) =>
      this.admit(lease, now),
    );
    this.more = due.length === CAMPAIGNS_AT_ONCE;
    if (due.length === 0) return 0;
    const left = performance.now();
    try {
      const { leases, limits } = await this.limits.admit(due);
      if (leases.length === 0) return 0;
      const claimed = await claim(
        this.database,
        leases,
        this.owner,
        answerSecondsOf(this.config),
        undefined,
        limits,
      );
      return await this.take(leases, claimed, left, performance.now());
    } catch (error) {
      this.unsure = true;
      for (const lease of due) this.leases.dueIn(lease, AFTER_ERROR_MS);
      throw error;
    }
  }

  private admit(lease: Lease, now: number): number {
    return this.gates.admit(channelOf(lease), now);
  }

  private async take(due: Lease[], claimed: Claimed[], left: number, answered: number): Promise<number> {
    const rest = this.leases.reschedule(
      due,
      claimed,
      (lease, each) =>
        Math.max(each.dueInMs, this.limits.waitAfter(each)) / this.gates.share(channelOf(lease), answered),
    );
    if (rest.length > 0) await this.leases.lookAt(rest, LOCKED_MS);
    const grants = claimed.flatMap(({ grant }) =>
      grant ? [{ ...grant, places: this.limits.placesOf(grant) }] : [],
    );
    const idle = claimed.filter(({ grant }) => !grant);
    let handed = 0;
    if (grants.length > 0) {
      const [rows] = await Promise.all([
        grantedRows(this.database, grants),
        // What it could not read is asked for again, grant by grant.
        this.contents.readAhead(grants).catch(() => undefined),
      ]);
      const empty = grants.filter((_, at) => rows[at]!.length === 0);
      if (empty.length > 0) await skipHoles(this.database, empty, this.owner);
      await Promise.all(grants.map((grant, at) => this.hands.accept(grant, rows[at]!, left, answered)));
      handed = rows.reduce((sum, each) => sum + each.length, 0);
    }
    if (idle.length > 0) {
      await this.goOnElsewhere(idle);
      await completeFinished(this.dataSource.manager, idle);
    }
    return handed;
  }

  /** Where one part of a queue has nothing to hand out, another may. */
  private async goOnElsewhere(idle: readonly Claimed[]): Promise<void> {
    const inParts = idle.filter((each) => each.inParts);
    for (const each of await goOnElsewhere(this.dataSource.manager, inParts, this.owner)) {
      this.leases.notLaterThan(each, each.waitMs);
    }
  }

  /**
   * Nothing more of a campaign, or of a whole account, leaves any process once this resolves. The caller has seen to
   * it, and committed, that nothing new is granted. What this process has not handed over is given back at once;
   * other processes' grants end by themselves within about a second.
   *
   * @param campaignId null: every campaign of the account
   * @returns how many messages of a campaign are on their way, their answers still to come: exact for this process, at
   * most so many for the others
   */
  async silence(accountId: number, campaignId: number | null): Promise<number> {
    this.hands.halt(accountId, campaignId);
    // A claim whose answer is on the wire may have been granted just before the caller's commit.
    await this.claiming?.catch(() => undefined);
    const onTheWay = this.hands.halt(accountId, campaignId);
    // The first may join a flush that began before the halt.
    await this.flush();
    await this.flush();
    while (await othersMaySend(this.dataSource.manager, accountId, campaignId, this.owner)) {
      await new Promise((resume) => setTimeout(resume, LOOK_AGAIN_MS));
    }
    if (campaignId === null) return onTheWay;
    return onTheWay + (await othersOnTheWay(this.dataSource.manager, accountId, campaignId, this.owner));
  }

  /** Writes the outcomes collected so far. They are kept until the database has taken them. */
  flush(): Promise<void> {
    return this.book.flush();
  }

  /** The same, where some of them should not wait. */
  async flushUrgent(): Promise<void> {
    if (this.book.isUrgent) await this.book.flush();
  }

  /** Gives back, as untouched, grants that a claim made without its answer arriving here. */
  private async releaseUnknown(): Promise<void> {
    await this.flush();
    // What has ended here and is not recorded yet would look like a grant that nobody knows.
    if (!this.book.isEmpty) throw new Error('outcomes are still to be recorded');
    await giveBackUnknown(this.database, this.owner, this.hands.held);
    this.unsure = false;
  }

  async heal(): Promise<void> {
    try {
      await healGrants(this.dataSource.manager, withoutKeys(this.gateways));
      await queueWhatWasLeftOver(this.dataSource.manager);
      await this.attempts.forgetRunsOver();
    } catch (error) {
      this.logger.warn(`heal failed: ${maskPhones((error as Error).message)}`);
    }
  }

  /** Looks for campaigns that nobody goes on with. @returns how many it found wanting */
  async watch(): Promise<number> {
    try {
      return await this.watchdog.check();
    } catch (error) {
      this.logger.warn(`watch failed: ${maskPhones((error as Error).message)}`);
      return 0;
    }
  }

  /** Resolves when nothing is in this process's hands. What waits for its slot is given back first. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.claiming?.catch(() => undefined);
    this.hands.halt(null, null);
    const deadline = performance.now() + this.config.requestTimeoutMs + RECORDING_SECONDS * 1000;
    do {
      await this.flush();
      if (this.hands.isEmpty && this.book.isEmpty) break;
      await new Promise((resume) => setTimeout(resume, 20));
    } while (performance.now() < deadline);
    await this.defence.settled();
    await this.leases.leave();
  }
}

/** How long a provider's answer and its recording may take after the last message has left. */
function answerSecondsOf({ requestTimeoutMs }: Config): number {
  return requestTimeoutMs / 1000 + RECORDING_SECONDS;
}
