import type { Campaign } from '../../../contract/campaign.ts';
import type { Role } from '../../../contract/session.ts';
import { controlsFor } from '../campaigns/campaign-view.ts';
import type { CampaignKey } from './marks.ts';

/** Somebody who looks at a campaign. */
export interface Listener {
  role: Role;
  installationId: string;
  /** @param campaign JSON */
  take(campaign: string): void;
  /** There is nothing more to come. */
  end(): void;
}

/** A campaign that somebody looks at, with what was last seen of it. */
export class WatchedCampaign {
  readonly listeners = new Set<Listener>();
  /** Of the last count; null before the first. */
  mark: string | null = null;
  /** By the process's monotonic clock, in ms. */
  countDueAt = 0;
  counting = false;
  /** Counts in a row that failed. */
  failures = 0;
  private campaign: Campaign | null = null;
  private content = '';

  constructor(readonly key: CampaignKey) {}

  /** @returns whether it is another than the last; then everybody has been told */
  take(campaign: Campaign): boolean {
    const content = JSON.stringify({ ...campaign, asOf: '' });
    const moved = content !== this.content;
    this.content = content;
    this.campaign = campaign;
    if (moved) this.tell(this.listeners);
    return moved;
  }

  /** What is known is told at once. */
  add(listener: Listener): void {
    this.listeners.add(listener);
    this.tell([listener]);
  }

  private tell(listeners: Iterable<Listener>): void {
    if (this.campaign === null) return;
    const texts = new Map<Role, string>();
    for (const listener of listeners) {
      const { role } = listener;
      const text = texts.get(role) ?? this.textFor(role, this.campaign);
      texts.set(role, text);
      listener.take(text);
    }
  }

  private textFor(role: Role, campaign: Campaign): string {
    return JSON.stringify({ ...campaign, controls: controlsFor(campaign.state, role) });
  }
}
