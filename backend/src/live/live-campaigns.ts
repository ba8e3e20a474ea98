/**
 * What goes on in the campaigns that somebody looks at. One look for all of them tells twice a second whether people
 * or the system have changed anything, in whichever process; a campaign's rows are counted when its look is another,
 * and from time to time (`count-pause.ts`). Each is counted once, however many listen, and only while somebody does.
 */
import { performance } from 'node:perf_hooks';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import pLimit from 'p-limit';
import { DataSource } from 'typeorm';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { campaignView } from '../campaigns/campaign-view.ts';
import { beforeWall, behindWall } from '../database/account-wall.ts';
import { maskPhones } from '../error.filter.ts';
import { countPause } from './count-pause.ts';
import { nameOf, readMarks, type CampaignKey, type Mark } from './marks.ts';
import { WatchedCampaign, type Listener } from './watched-campaign.ts';

const LOOK_MS = 500;
/** Counts at once, of connections that requests need as well. */
const COUNTS_AT_ONCE = 2;
/** Looks or counts in a row that may fail before listeners are sent away, to see for themselves what is wrong. */
const FAILURES = 4;

@Injectable()
export class LiveCampaigns implements OnModuleDestroy {
  private readonly logger = new Logger(LiveCampaigns.name);
  private readonly watched = new Map<string, WatchedCampaign>();
  private readonly counts = pLimit(COUNTS_AT_ONCE);
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> | null = null;
  private failures = 0;
  private stopped = false;

  constructor(private readonly dataSource: DataSource) {}

  /** @returns ends it */
  listen(key: CampaignKey, listener: Listener): () => void {
    const name = nameOf(key);
    const campaign = this.watched.get(name) ?? new WatchedCampaign(key);
    this.watched.set(name, campaign);
    campaign.add(listener);
    // A look that is under way does not know of it.
    void (this.looking ?? Promise.resolve()).then(() => this.lookAfter(0));
    return () => {
      campaign.listeners.delete(listener);
      if (campaign.listeners.size === 0 && this.watched.get(name) === campaign) this.watched.delete(name);
    };
  }

  /** Looks at all of them and begins to count those whose time it is. */
  runOnce(): Promise<void> {
    this.looking ??= this.look().finally(() => (this.looking = null));
    return this.looking;
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private lookAfter(ms: number): void {
    clearTimeout(this.timer);
    if (this.stopped || this.watched.size === 0) return;
    // The look is for all accounts, whoever's request has set it going.
    this.timer = beforeWall(() =>
      setTimeout(() => void this.runOnce().then(() => this.lookAfter(LOOK_MS)), ms),
    );
  }

  private async look(): Promise<void> {
    const campaigns = [...this.watched.values()];
    if (campaigns.length === 0) return;
    try {
      const marks = await readMarks(
        this.dataSource.manager,
        campaigns.map(({ key }) => key),
      );
      this.failures = 0;
      for (const each of campaigns) this.see(each, marks.get(nameOf(each.key)));
    } catch (error) {
      this.logger.warn(`look failed: ${maskPhones((error as Error).message)}`);
      this.failures += 1;
      if (this.failures >= FAILURES) campaigns.forEach(sendAway);
    }
  }

  /** @param mark undefined: the campaign has been removed */
  private see(campaign: WatchedCampaign, mark: Mark | undefined): void {
    for (const listener of campaign.listeners) {
      if (listener.installationId !== mark?.installationId) listener.end();
    }
    if (!mark || campaign.counting) return;
    if (mark.mark !== campaign.mark || performance.now() >= campaign.countDueAt)
      void this.count(campaign, mark);
  }

  /** @param mark of a look before: what is counted is at least as new */
  private async count(campaign: WatchedCampaign, { mark, timeZone }: Mark): Promise<void> {
    campaign.counting = true;
    try {
      const { took, seen } = await this.counts(() =>
        behindWall(campaign.key.accountId, () => this.read(campaign.key, timeZone)),
      );
      campaign.mark = mark;
      campaign.failures = 0;
      const moved = campaign.take(seen);
      campaign.countDueAt = performance.now() + countPause(took, moved);
    } catch (error) {
      this.logger.warn(`count failed: ${maskPhones((error as Error).message)}`);
      campaign.failures += 1;
      if (campaign.failures >= FAILURES) sendAway(campaign);
    } finally {
      campaign.counting = false;
    }
  }

  private async read({ accountId, campaignId }: CampaignKey, timeZone: string) {
    const began = performance.now();
    const row = await readCampaign(this.dataSource.manager, accountId, campaignId);
    // Each listener is told its own role's controls.
    const seen = await campaignView(this.dataSource.manager, row, { role: 'viewer', timeZone });
    return { took: performance.now() - began, seen };
  }
}

function sendAway({ listeners }: WatchedCampaign): void {
  for (const listener of listeners) listener.end();
}
