import { performance } from 'node:perf_hooks';
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { maskPhones } from '../error.filter.ts';
import { pauseAllRefused, pauseBySystem } from './campaign-stops.ts';
import type { ChannelGates } from './channel-gates.ts';
import type { CampaignKey, Grant } from './claim.ts';
import type { GatewayAnswer } from './gateway.ts';
import type { HandOver } from './hand-over.ts';
import type { LeasedCampaigns } from './leased-campaigns.ts';
import { channelOf, runOf } from './names.ts';
import type { OutcomeBook } from './outcome-book.ts';
import { RefusalWatch, type Alike } from './refusal-watch.ts';

/** A channel that has not answered for this long pauses its campaigns: they must not go out by surprise hours later. */
const CHANNEL_GIVEN_UP_MS = 15 * 60_000;

/**
 * What an answer tells of its channel and its campaign: a channel is slowed, closed for a while or given up; a
 * campaign pauses itself when going on would burn its list.
 */
export class SelfDefence {
  private readonly logger = new Logger(SelfDefence.name);
  private readonly refusals: RefusalWatch;

  private readonly pausing = new Set<Promise<unknown>>();

  /** @param alikeRefusals how many of a run's first messages are refused alike before it pauses */
  constructor(
    private readonly manager: EntityManager,
    private readonly gates: ChannelGates,
    private readonly leases: LeasedCampaigns,
    private readonly book: OutcomeBook,
    alikeRefusals: number,
  ) {
    this.refusals = new RefusalWatch(alikeRefusals);
  }

  learn(hands: HandOver, grant: Grant, answer: GatewayAnswer, channel: string): void {
    const now = performance.now();
    if (answer.kind === 'slow') {
      this.gates.slowDown(channel, answer.afterMs, now);
      hands.haltChannel(channel);
    } else if (answer.kind === 'not_sent' || answer.kind === 'no_answer' || answer.kind === 'later')
      this.channelFailed(hands, channel, answer.detail, now);
    else if (answer.kind !== 'late') this.gates.answered(channel, now);
    if (answer.kind === 'accepted') this.refusals.accepted(runOf(grant));
    if (answer.kind === 'refused') {
      const alike = this.refusals.refused(runOf(grant), answer.reason);
      if (alike) this.pause(hands, grant, this.pauseWhereAllRefused(grant, answer.reason, alike));
    }
    if (answer.kind === 'stop') {
      const { reason, detail } = answer;
      hands.halt(grant.accountId, grant.campaignId);
      this.pause(hands, grant, pauseBySystem(this.manager, grant, reason, detail));
    }
  }

  private async pauseWhereAllRefused(grant: Grant, reason: string, alike: Alike): Promise<boolean> {
    // The rows decide, so they have to tell of these refusals; the first flush may have begun before.
    await this.book.flush();
    await this.book.flush();
    return pauseAllRefused(this.manager, grant, reason, alike).catch((error: unknown) => {
      this.refusals.forget(runOf(grant));
      throw error;
    });
  }

  private channelFailed(hands: HandOver, channel: string, detail: string, now: number): void {
    const failingMs = this.gates.failed(channel, now);
    if (failingMs === 0) return;
    hands.haltChannel(channel);
    if (failingMs < CHANNEL_GIVEN_UP_MS) return;
    for (const lease of this.leases.all()) {
      if (channelOf(lease) !== channel) continue;
      this.pause(hands, lease, pauseBySystem(this.manager, lease, 'channel_unavailable', detail));
    }
  }

  private pause(hands: HandOver, campaign: CampaignKey, pausing: Promise<boolean>): void {
    const done = pausing
      .then((paused) => paused && hands.halt(campaign.accountId, campaign.campaignId))
      .catch((error: unknown) => this.logger.warn(`pause failed: ${maskPhones(String(error))}`))
      .finally(() => this.pausing.delete(done));
    this.pausing.add(done);
  }

  /** Resolves when every pause that has begun is written, or has failed. */
  async settled(): Promise<void> {
    await Promise.all(this.pausing);
  }
}
