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
import pLimit, { type LimitFunction } from 'p-limit';
import { DataSource } from 'typeorm';
import { CONFIG, GATEWAY } from '../tokens.ts';
import type { Config } from '../config.ts';
import { maskPhones } from '../error.filter.ts';
import {
  completeFinished,
  healGrants,
  othersMaySend,
  pauseAllRefused,
  pauseBySystem,
} from './campaign-stops.ts';
import { ChannelGates } from './channel-gates.ts';
import { claim, grantedRows, skipHoles, type Claimed, type Grant, type GrantedRow } from './claim.ts';
import { compose } from './compose.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import type { Gateway, GatewayAnswer, Leave } from './gateway.ts';
import { giveBackUnknown } from './given-back.ts';
import { GrantInHand } from './grant-in-hand.ts';
import { LeasedCampaigns } from './leased-campaigns.ts';
import type { Lease } from './leases.ts';
import { OutcomeBook } from './outcome-book.ts';
import { verdictOf, type Verdict } from './outcome-of.ts';
import type { Slot } from './pacing.ts';
import { RefusalWatch } from './refusal-watch.ts';
import { RunContents, type LoadedRun } from './run-contents.ts';

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
/** A channel that has not answered for this long pauses its campaigns: they must not go out by surprise hours later. */
const CHANNEL_GIVEN_UP_MS = 15 * 60_000;

@Injectable()
export class Dispatcher {
  private readonly logger = new Logger(Dispatcher.name);
  /** This process among all that share the database. */
  readonly owner = randomUUID();
  private readonly book: OutcomeBook;
  private readonly leases: LeasedCampaigns;
  private readonly gates = new ChannelGates();
  private readonly refusals: RefusalWatch;
  private readonly limits = new Map<string, LimitFunction>();
  private readonly grants = new Set<GrantInHand>();
  private claiming: Promise<number> | null = null;
  private quietUntil = 0;
  /** A claim's answer was lost: grants may be this process's that it does not know of. */
  private unsure = false;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly database: DispatchDatabase,
    private readonly contents: RunContents,
    @Inject(GATEWAY) private readonly gateway: Gateway,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.book = new OutcomeBook(database, this.owner);
    this.leases = new LeasedCampaigns(database, this.owner);
    this.refusals = new RefusalWatch(config.alikeRefusals);
  }

  /** Called by the clock: claims what is due, unless a claim is running or nothing can be due yet. */
  async tick(): Promise<void> {
    if (this.stopped || this.claiming || performance.now() < this.quietUntil) return;
    try {
      await this.runOnce();
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
    await this.leases.keep();
    const due = this.leases.takeDue(performance.now(), CAMPAIGNS_AT_ONCE, (lease, now) =>
      this.admit(lease, now),
    );
    if (due.length === 0) return 0;
    const left = performance.now();
    try {
      const answerSeconds = this.config.requestTimeoutMs / 1000 + RECORDING_SECONDS;
      const claimed = await claim(this.database, due, this.owner, answerSeconds);
      return await this.take(due, claimed, left, performance.now());
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
    const rest = this.leases.reschedule(due, claimed, (lease) =>
      this.gates.share(channelOf(lease), answered),
    );
    if (rest.length > 0) await this.leases.lookAt(rest, LOCKED_MS);
    const grants = claimed.flatMap(({ grant }) => (grant ? [grant] : []));
    const idle = claimed.filter(({ grant }) => !grant);
    let handed = 0;
    if (grants.length > 0) {
      const rows = await grantedRows(this.database, grants);
      const empty = grants.filter((_, at) => rows[at]!.length === 0);
      if (empty.length > 0) await skipHoles(this.database, empty, this.owner);
      await Promise.all(grants.map((grant, at) => this.accept(grant, rows[at]!, left, answered)));
      handed = rows.reduce((sum, each) => sum + each.length, 0);
    }
    if (idle.length > 0) await completeFinished(this.dataSource.manager, idle);
    return handed;
  }

  private async accept(grant: Grant, rows: GrantedRow[], left: number, answered: number): Promise<void> {
    const held = new GrantInHand(grant, rows);
    this.grants.add(held);
    if (rows.length === 0) return this.end(held);
    try {
      const run = await this.contents.load(grant, rows);
      if (this.grants.has(held)) this.begin(held, rows, run, left, answered);
    } catch (error) {
      this.logger.error(
        `run ${grant.accountId}:${grant.campaignId}:${grant.run}: ${maskPhones(String(error))}`,
      );
      held.giveBackAfterMs = AFTER_ERROR_MS;
      this.haltGrant(held);
    }
  }

  private begin(held: GrantInHand, rows: GrantedRow[], run: LoadedRun, left: number, answered: number): void {
    held.channel = channelOf({ ...held.grant, channelId: run.content.channelId });
    if (held.grant.abandoned && !this.gateway.honoursKeys) {
      // Some of it may have left and a repeat would be a second message: nobody knows, and nobody guesses.
      for (const row of rows) this.leaveOut(held, row, 'unknown', 'no_answer', run.content.channelId);
      return;
    }
    for (const row of rows) {
      if (row.withdrawn) this.leaveOut(held, row, 'cancelled', 'list_removed', run.content.channelId);
      else if (row.stopped) this.leaveOut(held, row, 'stopped', 'stop_list', run.content.channelId);
    }
    held.atSlots(left, answered, (row, slot) => {
      this.send(held, row, slot, run).catch((error: unknown) => {
        this.logger.error(`message ${referenceOf(held.grant, row)}: ${maskPhones(String(error))}`);
        this.giveBack(held, row, 1000);
      });
    });
  }

  private async send(held: GrantInHand, row: GrantedRow, slot: Slot, run: LoadedRun): Promise<void> {
    const { grant } = held;
    const { content } = run;
    const { channelId } = content;
    const composed = compose(content, run.cellsOf(row));
    if (composed.problem) return this.leaveOut(held, row, 'failed', composed.problem, channelId);
    await this.limitOf(
      grant.accountId,
      channelId,
    )(async () => {
      if (!held.isWaiting(row)) return;
      let sentAt: number | null = null;
      const leave: Leave = () => {
        if (performance.now() > slot.until || !held.take(row)) return false;
        held.onTheWay += 1;
        sentAt = Date.now();
        return true;
      };
      const { accountId } = grant;
      const answer = await this.gateway.send(
        {
          accountId,
          channelId,
          phone: row.phone,
          content: composed.content,
          reference: referenceOf(grant, row),
          campaignReference: runOf(grant),
        },
        leave,
      );
      if (sentAt !== null) held.onTheWay -= 1;
      else if (!held.take(row)) return;
      this.answered(held, row, answer, sentAt ?? Date.now(), channelId, composed.segments);
    });
  }

  private limitOf(accountId: number, channelId: string): LimitFunction {
    const key = channelOf({ accountId, channelId });
    let limit = this.limits.get(key);
    if (!limit) this.limits.set(key, (limit = pLimit(this.config.channelConcurrency)));
    return limit;
  }

  private answered(
    held: GrantInHand,
    row: GrantedRow,
    answer: GatewayAnswer,
    sentAt: number,
    channelId: string,
    segments: number | null,
  ): void {
    const tried = { attempt: row.attempt, inDoubt: row.inDoubt || held.grant.abandoned };
    const verdict = verdictOf(answer, tried, this.gateway.honoursKeys, sentAt);
    this.bookOutcome(held, row, verdict.outcome, channelId, segments);
    if (verdict.againAfterMs !== null) giveBackLater(held, verdict.againAfterMs);
    this.close(held);
    this.learn(held.grant, answer, verdict, channelOf({ ...held.grant, channelId }));
  }

  /** What an answer tells of its channel and its campaign, beyond its own message. */
  private learn(grant: Grant, answer: GatewayAnswer, verdict: Verdict, channel: string): void {
    const now = performance.now();
    if (answer.kind === 'slow') {
      this.gates.slowDown(channel, answer.afterMs, now);
      this.haltChannel(channel);
    } else if (answer.kind === 'not_sent' || answer.kind === 'no_answer')
      this.channelFailed(channel, answer.detail, now);
    else if (answer.kind !== 'late') this.gates.answered(channel, now);
    if (answer.kind === 'accepted') this.refusals.accepted(runOf(grant));
    if (answer.kind === 'refused' && this.refusals.refused(runOf(grant), answer.reason)) {
      this.pause(grant, this.pauseWhereAllRefused(grant, answer.reason));
    }
    if (verdict.stop) {
      const { reason, detail } = verdict.stop;
      this.halt(grant.accountId, grant.campaignId);
      this.pause(grant, pauseBySystem(this.dataSource.manager, grant, reason, detail));
    }
  }

  private async pauseWhereAllRefused(grant: Grant, reason: string): Promise<boolean> {
    // The rows decide, so they have to tell of these refusals; the first flush may have begun before.
    await this.flush();
    await this.flush();
    const { manager } = this.dataSource;
    return pauseAllRefused(manager, grant, reason, this.config.alikeRefusals).catch((error: unknown) => {
      this.refusals.forget(runOf(grant));
      throw error;
    });
  }

  private channelFailed(channel: string, detail: string, now: number): void {
    const failingMs = this.gates.failed(channel, now);
    if (failingMs === 0) return;
    this.haltChannel(channel);
    if (failingMs < CHANNEL_GIVEN_UP_MS) return;
    for (const lease of this.leases.all()) {
      if (channelOf(lease) !== channel) continue;
      this.pause(lease, pauseBySystem(this.dataSource.manager, lease, 'channel_unavailable', detail));
    }
  }

  private pause(campaign: { accountId: number; campaignId: number }, pausing: Promise<boolean>): void {
    pausing
      .then((paused) => paused && this.halt(campaign.accountId, campaign.campaignId))
      .catch((error: unknown) => this.logger.warn(`pause failed: ${maskPhones(String(error))}`));
  }

  /** Decided without asking a provider. What may have left before is not known, whatever is decided now. */
  private leaveOut(
    held: GrantInHand,
    row: GrantedRow,
    state: 'stopped' | 'failed' | 'cancelled' | 'unknown',
    reason: string,
    channelId: string,
  ): void {
    if (!held.take(row)) return;
    const inDoubt = row.inDoubt || held.grant.abandoned;
    const decided = inDoubt ? ({ state: 'unknown', reason: 'no_answer' } as const) : { state, reason };
    const outcome = {
      ...decided,
      attempt: row.attempt,
      inDoubt,
      detail: null,
      sentAt: null,
      providerId: null,
    };
    this.bookOutcome(held, row, outcome, channelId, null);
    this.close(held);
  }

  private bookOutcome(
    { grant }: GrantInHand,
    row: GrantedRow,
    outcome: Verdict['outcome'],
    channelId: string,
    segments: number | null,
  ): void {
    const { accountId, campaignId, run } = grant;
    const { position, phone } = row;
    this.book.add({ accountId, campaignId, run, position, phone, channelId, segments, ...outcome });
  }

  private giveBack(held: GrantInHand, row: GrantedRow, afterMs: number): void {
    if (!held.take(row)) return;
    giveBackLater(held, afterMs);
    // Given back, the grant no longer tells that its last holder may have sent it.
    if (held.grant.abandoned && !row.inDoubt) {
      const { outcome } = verdictOf({ kind: 'late' }, { attempt: row.attempt, inDoubt: true }, true, 0);
      this.bookOutcome(held, row, outcome, '', null);
    }
    this.close(held);
  }

  private close(held: GrantInHand): void {
    held.decided();
    if (held.isDone) this.end(held);
  }

  private end(held: GrantInHand): void {
    if (!this.grants.delete(held)) return;
    const { accountId, campaignId, run, low, lease } = held.grant;
    this.book.end({ accountId, campaignId, run, low, lease, giveBackAfterMs: held.giveBackAfterMs });
  }

  /**
   * Nothing more of a campaign, or of a whole account, leaves any process once this resolves. The caller has seen to
   * it, and committed, that nothing new is granted. What this process has not handed over is given back at once;
   * other processes' grants end by themselves within about a second.
   *
   * @param campaignId null: every campaign of the account
   * @returns how many messages of this process are on their way, their answers still to come
   */
  async silence(accountId: number, campaignId: number | null): Promise<number> {
    this.halt(accountId, campaignId);
    // A claim whose answer is on the wire may have been granted just before the caller's commit.
    await this.claiming?.catch(() => undefined);
    const onTheWay = this.halt(accountId, campaignId);
    // The first may join a flush that began before the halt.
    await this.flush();
    await this.flush();
    while (await othersMaySend(this.dataSource.manager, accountId, campaignId, this.owner)) {
      await new Promise((resume) => setTimeout(resume, LOOK_AGAIN_MS));
    }
    return onTheWay;
  }

  /** @returns how many messages are on their way */
  private halt(accountId: number, campaignId: number | null): number {
    let onTheWay = 0;
    for (const held of this.grants) {
      if (held.grant.accountId !== accountId) continue;
      if (campaignId !== null && held.grant.campaignId !== campaignId) continue;
      onTheWay += held.onTheWay;
      this.haltGrant(held);
    }
    return onTheWay;
  }

  private haltChannel(channel: string): void {
    for (const held of this.grants) if (held.channel === channel) this.haltGrant(held);
  }

  private haltGrant(held: GrantInHand): void {
    held.halt();
    for (const row of held.waitingRows) this.giveBack(held, row, 0);
  }

  /** Writes the outcomes collected so far. They are kept until the database has taken them. */
  flush(): Promise<void> {
    return this.book.flush();
  }

  /** Gives back, as untouched, grants that a claim made without its answer arriving here. */
  private async releaseUnknown(): Promise<void> {
    await this.flush();
    // What has ended here and is not recorded yet would look like a grant that nobody knows.
    if (!this.book.isEmpty) throw new Error('outcomes are still to be recorded');
    await giveBackUnknown(
      this.database,
      this.owner,
      [...this.grants].map(({ grant }) => grant),
    );
    this.unsure = false;
  }

  async heal(): Promise<void> {
    await healGrants(this.dataSource.manager).catch((error: unknown) =>
      this.logger.warn(`heal failed: ${maskPhones((error as Error).message)}`),
    );
  }

  /** Resolves when nothing is in this process's hands. What waits for its slot is given back first. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.claiming?.catch(() => undefined);
    for (const held of [...this.grants]) this.haltGrant(held);
    const deadline = performance.now() + this.config.requestTimeoutMs + RECORDING_SECONDS * 1000;
    do {
      await this.flush();
      if (this.grants.size === 0 && this.book.isEmpty) break;
      await new Promise((resume) => setTimeout(resume, 20));
    } while (performance.now() < deadline);
    await this.leases.leave();
  }
}

function giveBackLater(held: GrantInHand, afterMs: number): void {
  held.giveBackAfterMs = Math.max(held.giveBackAfterMs ?? 0, afterMs);
}

function referenceOf(grant: Grant, row: GrantedRow): string {
  return `${runOf(grant)}:${row.position}`;
}

function runOf({
  accountId,
  campaignId,
  run,
}: {
  accountId: number;
  campaignId: number;
  run: number;
}): string {
  return `${accountId}:${campaignId}:${run}`;
}

function channelOf({ accountId, channelId }: { accountId: number; channelId: string }): string {
  return `${accountId} ${channelId}`;
}
