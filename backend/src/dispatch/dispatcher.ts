/**
 * The sending loop. A campaign's message goes through these hands:
 *
 *   queue ──claim──▶ granted ──its slot──▶ in flight ──answer──▶ outcome buffered ──flush──▶ recorded
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
  holdCampaign,
  othersMaySend,
  pauseBySystem,
} from './campaign-stops.ts';
import { claim, type Grant, type GrantedRow } from './claim.ts';
import { compose } from './compose.ts';
import type { Gateway, GatewayAnswer } from './gateway.ts';
import { verdictOf, type Verdict } from './outcome-of.ts';
import { slotOf, type Slot } from './pacing.ts';
import { record, type GrantEnd, type Outcome } from './record.ts';
import { RunContents } from './run-contents.ts';

/** Campaigns in one claim. More would only lengthen the statement; the rest is taken at once after it. */
const CAMPAIGNS_AT_ONCE = 500;
/** Time for a late answer to be recorded before another process takes the grant over, in seconds. */
const RECORDING_SECONDS = 2;
/** How long nothing is claimed when nothing was due, in ms: the price of a start in another process. */
const IDLE_MS = 500;
/** How often another process's grants are looked at while a campaign is being silenced, in ms. */
const LOOK_AGAIN_MS = 50;

interface OpenGrant extends Grant {
  /** Messages that have left and wait for their answer. */
  inFlight: number;
  /** Messages whose fate is not decided yet. */
  open: number;
  halted: boolean;
  giveBackAfterMs: number | null;
  timers: Set<NodeJS.Timeout>;
  /** Messages waiting for their slot; each is given back when the grant is halted. */
  waiting: Map<number, () => void>;
}

@Injectable()
export class Dispatcher {
  private readonly logger = new Logger(Dispatcher.name);
  /** This process among all that share the database. */
  readonly owner = randomUUID();
  private readonly limits = new Map<string, LimitFunction>();
  private readonly grants = new Set<OpenGrant>();
  private outcomes: Outcome[] = [];
  private endings: GrantEnd[] = [];
  private claiming: Promise<number> | null = null;
  private flushing: Promise<void> | null = null;
  private quietUntil = 0;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly contents: RunContents,
    @Inject(GATEWAY) private readonly gateway: Gateway,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Called by the clock: claims what is due, unless a claim is running or nothing can be due yet. */
  async tick(): Promise<void> {
    if (this.stopped || this.claiming || performance.now() < this.quietUntil) return;
    try {
      const handed = await this.runOnce();
      this.quietUntil = handed === 0 && this.grants.size === 0 ? performance.now() + IDLE_MS : 0;
    } catch (error) {
      // The database is gone or restarting: the next tick tries again; what is granted still has its deadline.
      this.logger.warn(`claim failed: ${maskPhones((error as Error).message)}`);
      this.quietUntil = performance.now() + IDLE_MS;
    }
  }

  /** Something has just become due: do not wait for the next look. */
  wake(): void {
    this.quietUntil = 0;
  }

  /** One claim. @returns how many messages it took in hand */
  runOnce(): Promise<number> {
    this.claiming ??= this.claimOnce().finally(() => (this.claiming = null));
    return this.claiming;
  }

  private async claimOnce(): Promise<number> {
    const left = performance.now();
    const answerSeconds = this.config.requestTimeoutMs / 1000 + RECORDING_SECONDS;
    const { grants, idle } = await claim(
      this.dataSource.manager,
      CAMPAIGNS_AT_ONCE,
      this.owner,
      answerSeconds,
    );
    const answered = performance.now();
    await Promise.all(grants.map((grant) => this.accept(grant, left, answered)));
    if (idle.length > 0) await completeFinished(this.dataSource.manager, idle);
    return grants.reduce((sum, grant) => sum + grant.rows.length, 0);
  }

  private async accept(granted: Grant, left: number, answered: number): Promise<void> {
    const grant: OpenGrant = {
      ...granted,
      inFlight: 0,
      open: granted.rows.length,
      halted: false,
      giveBackAfterMs: null,
      timers: new Set(),
      waiting: new Map(),
    };
    this.grants.add(grant);
    if (grant.open === 0) return this.end(grant);
    if (grant.abandoned && !this.gateway.honoursKeys) {
      // Some of it may have left and a repeat would be a second message: nobody knows, and nobody guesses.
      const lost: GatewayAnswer = { kind: 'no_answer', detail: 'the sending process ended' };
      for (const row of grant.rows)
        this.settle(grant, row, verdictOf(lost, row.attempt, false, Date.now()), null);
      return;
    }
    grant.rows.forEach((row, i) => this.schedule(grant, row, slotOf(i, grant.rate, left, answered)));
  }

  private schedule(grant: OpenGrant, row: GrantedRow, slot: Slot): void {
    grant.waiting.set(row.position, () => this.giveBack(grant, row, 0));
    const timer = setTimeout(
      () => {
        grant.timers.delete(timer);
        this.send(grant, row, slot).catch((error: unknown) => {
          this.logger.error(`message ${referenceOf(grant, row)}: ${maskPhones(String(error))}`);
          if (grant.waiting.has(row.position)) this.giveBack(grant, row, 1000);
        });
      },
      Math.max(0, slot.from - performance.now()),
    );
    grant.timers.add(timer);
  }

  private async send(grant: OpenGrant, row: GrantedRow, slot: Slot): Promise<void> {
    const { accountId, campaignId, run } = grant;
    const content = await this.contents.content(accountId, campaignId, run);
    const finder = await this.contents.finder(accountId, campaignId, run, row.listId);
    if (row.stopped) return this.leaveOut(grant, row, 'stopped', 'stop_list', content.channelId);
    const composed = compose(content, finder(row.cells));
    if (composed.problem) return this.leaveOut(grant, row, 'failed', composed.problem, content.channelId);
    await this.limitOf(
      accountId,
      content.channelId,
    )(async () => {
      if (!grant.waiting.has(row.position)) return;
      if (performance.now() > slot.until) return this.giveBack(grant, row, 0);
      grant.waiting.delete(row.position);
      grant.inFlight += 1;
      const sentAt = Date.now();
      const answer = await this.gateway.send({
        accountId,
        channelId: content.channelId,
        phone: row.phone,
        content: composed.content,
        reference: referenceOf(grant, row),
        campaignReference: `${accountId}:${campaignId}:${run}`,
      });
      grant.inFlight -= 1;
      const verdict = verdictOf(answer, row.attempt, this.gateway.honoursKeys, sentAt);
      this.settle(grant, row, verdict, content.channelId, composed.segments);
    });
  }

  private limitOf(accountId: number, channelId: string): LimitFunction {
    const key = `${accountId}:${channelId}`;
    let limit = this.limits.get(key);
    if (!limit) this.limits.set(key, (limit = pLimit(this.config.channelConcurrency)));
    return limit;
  }

  /** Decided without asking a provider. */
  private leaveOut(
    grant: OpenGrant,
    row: GrantedRow,
    state: 'stopped' | 'failed',
    reason: string,
    channelId: string,
  ): void {
    const outcome = { state, attempt: row.attempt, reason, detail: null, sentAt: null, providerId: null };
    this.settle(grant, row, { outcome, againAfterMs: null, slowMs: null, stop: null }, channelId);
  }

  private giveBack(grant: OpenGrant, row: GrantedRow, afterMs: number): void {
    grant.waiting.delete(row.position);
    grant.giveBackAfterMs = Math.max(grant.giveBackAfterMs ?? 0, afterMs);
    this.close(grant);
  }

  private settle(
    grant: OpenGrant,
    row: GrantedRow,
    verdict: Verdict,
    channelId: string | null,
    segments: number | null = null,
  ): void {
    grant.waiting.delete(row.position);
    this.outcomes.push({
      accountId: grant.accountId,
      campaignId: grant.campaignId,
      run: grant.run,
      position: row.position,
      segments,
      channelId: channelId ?? '',
      phone: row.phone,
      ...verdict.outcome,
    });
    if (verdict.againAfterMs !== null) {
      grant.giveBackAfterMs = Math.max(grant.giveBackAfterMs ?? 0, verdict.againAfterMs);
    }
    if (verdict.slowMs !== null || verdict.stop) this.haltGrant(grant);
    this.close(grant);
    const holding = verdict.stop
      ? pauseBySystem(this.dataSource.manager, grant, verdict.stop.reason, verdict.stop.detail)
      : verdict.slowMs !== null
        ? holdCampaign(this.dataSource.manager, grant, verdict.slowMs)
        : null;
    holding?.catch((error: unknown) => this.logger.warn(`hold failed: ${maskPhones(String(error))}`));
  }

  private close(grant: OpenGrant): void {
    grant.open -= 1;
    if (grant.open === 0) this.end(grant);
  }

  private end(grant: OpenGrant): void {
    this.grants.delete(grant);
    const { accountId, campaignId, run, low, lease, giveBackAfterMs } = grant;
    this.endings.push({ accountId, campaignId, run, low, lease, giveBackAfterMs });
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
    const inFlight = this.halt(accountId, campaignId);
    // The first may join a flush that began before the halt.
    await this.flush();
    await this.flush();
    while (await othersMaySend(this.dataSource.manager, accountId, campaignId, this.owner)) {
      await new Promise((resume) => setTimeout(resume, LOOK_AGAIN_MS));
    }
    return inFlight;
  }

  /** @returns how many messages are on their way */
  private halt(accountId: number, campaignId: number | null): number {
    let inFlight = 0;
    for (const grant of this.grants) {
      if (grant.accountId !== accountId) continue;
      if (campaignId !== null && grant.campaignId !== campaignId) continue;
      inFlight += grant.inFlight;
      this.haltGrant(grant);
    }
    return inFlight;
  }

  private haltGrant(grant: OpenGrant): void {
    if (grant.halted) return;
    grant.halted = true;
    for (const timer of grant.timers) clearTimeout(timer);
    grant.timers.clear();
    for (const giveBack of [...grant.waiting.values()]) giveBack();
  }

  /** Writes the outcomes collected so far. They are kept until the database has taken them. */
  flush(): Promise<void> {
    this.flushing ??= this.flushOnce().finally(() => (this.flushing = null));
    return this.flushing;
  }

  private async flushOnce(): Promise<void> {
    if (this.outcomes.length === 0 && this.endings.length === 0) return;
    const { outcomes, endings } = this;
    this.outcomes = [];
    this.endings = [];
    try {
      await record(this.dataSource.manager, this.owner, outcomes, endings);
    } catch (error) {
      this.logger.warn(
        `recording ${outcomes.length} outcomes failed, kept: ${maskPhones((error as Error).message)}`,
      );
      this.outcomes = [...outcomes, ...this.outcomes];
      this.endings = [...endings, ...this.endings];
    }
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
    for (const grant of [...this.grants]) this.haltGrant(grant);
    const deadline = performance.now() + this.config.requestTimeoutMs + RECORDING_SECONDS * 1000;
    do {
      await this.flush();
      if (this.grants.size === 0 && this.outcomes.length === 0 && this.endings.length === 0) return;
      await new Promise((resume) => setTimeout(resume, 20));
    } while (performance.now() < deadline);
  }
}

function referenceOf(grant: Grant, row: GrantedRow): string {
  return `${grant.accountId}:${grant.campaignId}:${grant.run}:${row.position}`;
}
