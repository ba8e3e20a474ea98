import { performance } from 'node:perf_hooks';
import { Logger } from '@nestjs/common';
import { maskPhones } from '../error.filter.ts';
import { Turns } from '../turns.ts';
import type { Attempts } from './attempts.ts';
import type { Grant, GrantedRow } from './claim.ts';
import type { Composed } from './compose.ts';
import type { Gateway, GatewayAnswer, Gateways, Leave } from './gateway.ts';
import { GrantInHand } from './grant-in-hand.ts';
import { channelOf, referenceOf, runOf } from './names.ts';
import type { OutcomeBook } from './outcome-book.ts';
import { verdictOf, type Verdict } from './outcome-of.ts';
import type { Slot } from './pacing.ts';
import type { LoadedRun, RunContents } from './run-contents.ts';

/** How long a grant whose content could not be read, or whose sending broke, waits, in ms. */
const AFTER_ERROR_MS = 1000;

/** What an answer means beyond its own message. */
export type Learn = (grant: Grant, answer: GatewayAnswer, channel: string) => void;

/**
 * The messages in this process's hands: from their grant to their outcome. Each leaves in its slot or is given back;
 * every way out goes through `GrantInHand.take`, so that none is decided twice.
 */
export class HandOver {
  private readonly logger = new Logger(HandOver.name);
  private readonly grants = new Set<GrantInHand>();
  private readonly turns: Turns;

  /** @param concurrency calls in flight at once for each channel */
  constructor(
    private readonly gateways: Gateways,
    private readonly contents: RunContents,
    private readonly book: OutcomeBook,
    private readonly attempts: Attempts,
    concurrency: number,
    private readonly learn: Learn,
    private readonly isOutOfOrder: (channel: string) => boolean,
  ) {
    this.turns = new Turns(concurrency);
  }

  get held(): Grant[] {
    return [...this.grants].map(({ grant }) => grant);
  }

  get isEmpty(): boolean {
    return this.grants.size === 0;
  }

  /**
   * @param left when the claim was sent, and
   * @param answered when its answer came, on the monotonic clock
   */
  async accept(grant: Grant, rows: GrantedRow[], left: number, answered: number): Promise<void> {
    const held = new GrantInHand(grant, rows);
    this.grants.add(held);
    if (rows.length === 0) return this.end(held);
    try {
      const run = await this.contents.load(grant, rows);
      const { honoursKeys } = this.gatewayOf(run);
      held.keepsAttempts = !honoursKeys;
      if (grant.abandoned && !honoursKeys) held.attempted = await this.attempts.of(grant);
      if (this.grants.has(held)) this.begin(held, rows, run, left, answered);
    } catch (error) {
      this.logger.error(
        `run ${grant.accountId}:${grant.campaignId}:${grant.run}: ${maskPhones(String(error))}`,
      );
      held.giveBackAfterMs = AFTER_ERROR_MS;
      this.haltGrant(held);
    }
  }

  private gatewayOf({ content }: LoadedRun): Gateway {
    return this.gateways[content.provider ?? 'host'];
  }

  private begin(held: GrantInHand, rows: GrantedRow[], run: LoadedRun, left: number, answered: number): void {
    held.channel = channelOf({ ...held.grant, channelId: run.content.channelId });
    for (const row of rows) {
      // A repeat would be a second message: nobody knows, and nobody guesses.
      if (held.keepsAttempts && held.mayHaveLeft(row))
        this.leaveOut(held, row, 'unknown', 'no_answer', run.content.channelId);
      else if (row.withdrawn) this.leaveOut(held, row, 'cancelled', 'list_removed', run.content.channelId);
      else if (row.stopped) this.leaveOut(held, row, 'stopped', 'stop_list', run.content.channelId);
    }
    for (const row of held.waitingRows.slice(held.grant.places ?? rows.length)) this.giveBack(held, row, 0);
    held.atSlots(left, answered, (row, slot) => {
      try {
        this.send(held, row, slot, run);
      } catch (error) {
        this.broke(held, row, error);
      }
    });
  }

  /** What is decided while it waits for one of its channel's calls, as its campaign was halted, needs none. */
  private send(held: GrantInHand, row: GrantedRow, slot: Slot, run: LoadedRun): void {
    const { channelId } = run.content;
    const gateway = this.gatewayOf(run);
    const composed = run.compose(row);
    if (composed.problem) return this.leaveOut(held, row, 'failed', composed.problem, channelId);
    const channel = channelOf({ ...held.grant, channelId });
    this.turns.take(channel, {
      get isOver() {
        return !held.isWaiting(row);
      },
      begin: () => {
        this.call(held, row, slot, composed, channelId, gateway)
          .catch((error: unknown) => this.broke(held, row, error))
          .finally(() => this.turns.free(channel));
      },
    });
  }

  private async call(
    held: GrantInHand,
    row: GrantedRow,
    slot: Slot,
    { content, segments }: Composed,
    channelId: string,
    gateway: Gateway,
  ): Promise<void> {
    if (!held.isWaiting(row)) return;
    const { grant } = held;
    if (held.keepsAttempts) await this.attempts.add(grant, row.position);
    let sentAt: number | null = null;
    const leave: Leave = () => {
      if (performance.now() > slot.until || !held.take(row)) return false;
      held.onTheWay += 1;
      sentAt = Date.now();
      return true;
    };
    const { accountId } = grant;
    const { phone } = row;
    const references = { reference: referenceOf(grant, row), campaignReference: runOf(grant) };
    const answer = await gateway.send({ accountId, channelId, phone, content, ...references }, leave);
    if (sentAt !== null) held.onTheWay -= 1;
    else if (!held.take(row)) return;
    this.answered(held, row, answer, sentAt ?? Date.now(), channelId, segments);
  }

  private broke(held: GrantInHand, row: GrantedRow, error: unknown): void {
    this.logger.error(`message ${referenceOf(held.grant, row)}: ${maskPhones(String(error))}`);
    this.giveBack(held, row, AFTER_ERROR_MS);
  }

  private answered(
    held: GrantInHand,
    row: GrantedRow,
    answer: GatewayAnswer,
    sentAt: number,
    channelId: string,
    segments: number | null,
  ): void {
    const channel = channelOf({ ...held.grant, channelId });
    const tried = {
      attempt: row.attempt,
      inDoubt: held.mayHaveLeft(row),
      channelIsOutOfOrder: this.isOutOfOrder(channel),
    };
    const verdict = verdictOf(answer, tried, !held.keepsAttempts, sentAt);
    this.bookOutcome(held, row, verdict.outcome, channelId, segments);
    if (verdict.againAfterMs !== null) giveBackLater(held, verdict.againAfterMs);
    this.close(held);
    this.learn(held.grant, answer, channel);
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
    const inDoubt = held.mayHaveLeft(row);
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
    { grant, keepsAttempts }: GrantInHand,
    row: GrantedRow,
    outcome: Verdict['outcome'],
    channelId: string,
    segments: number | null,
  ): void {
    const { accountId, campaignId, run } = grant;
    const { position, phone } = row;
    this.book.add(
      { accountId, campaignId, run, position, phone, channelId, segments, ...outcome },
      keepsAttempts,
    );
  }

  private giveBack(held: GrantInHand, row: GrantedRow, afterMs: number): void {
    if (!held.take(row)) return;
    giveBackLater(held, afterMs);
    // Given back, the grant no longer tells that its last holder may have sent it.
    if (held.mayHaveLeft(row) && !row.inDoubt) {
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
    const { accountId, campaignId, run, low, high, lease } = held.grant;
    const { giveBackAfterMs, keepsAttempts: hasAttempts } = held;
    this.book.end({ accountId, campaignId, run, low, high, lease, giveBackAfterMs, hasAttempts });
  }

  /**
   * What has not left of a campaign, of a whole account or of everything is given back.
   * @returns how many messages are on their way
   */
  halt(accountId: number | null, campaignId: number | null): number {
    let onTheWay = 0;
    for (const held of this.grants) {
      if (accountId !== null && held.grant.accountId !== accountId) continue;
      if (campaignId !== null && held.grant.campaignId !== campaignId) continue;
      onTheWay += held.onTheWay;
      this.haltGrant(held);
    }
    return onTheWay;
  }

  haltChannel(channel: string): void {
    for (const held of this.grants) if (held.channel === channel) this.haltGrant(held);
  }

  private haltGrant(held: GrantInHand): void {
    held.halt();
    for (const row of held.waitingRows) this.giveBack(held, row, 0);
  }
}

function giveBackLater(held: GrantInHand, afterMs: number): void {
  held.giveBackAfterMs = Math.max(held.giveBackAfterMs ?? 0, afterMs);
}
