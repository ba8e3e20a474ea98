/**
 * A host's feed of events, for what its webhooks missed: read page by page from where we were, into the same inbox under
 * the same ids. An installation's feed:
 *
 *   due ──asked──▶ a page ──stored, and the place after it──▶ asked again ──an empty page──▶ read, for now
 *    ▲              ├── the place is forgotten there ──▶ from the oldest that is kept
 *    │              └── none, or trouble ──▶ left alone for a while
 *    └────────────────── some time later ◀──────────────────────────────┘
 *
 * The place moves after its events are stored and never before: a crash in between reads them once more, which harms nobody.
 */
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { HostClient } from '../channels/host/host-client.ts';
import { changedRows, rowsOf } from '../database/rows.ts';
import { maskPhones } from '../error.filter.ts';
import { ProblemError } from '../errors.ts';
import { PerAccount, type Look } from '../per-account.ts';
import { EVENTS_AT_ONCE, feedAnswer, type FeedAnswer } from './feed-page.ts';
import { CLAIM_FEED, DUE_FEEDS, HAS_NO_FEED, IN_TROUBLE, MOVE_ON } from './feed-places.ts';
import { storeIncoming } from './inbox.ts';
import { InboxProcessor } from './inbox-processor.ts';

const LOOK_MS = 5000;
/** Accounts at once: each waits for its host, one page after the other. */
const ACCOUNTS_AT_ONCE = 20;
/** Of one feed in one round; the rest is read in the next one. A feed without an end must not keep us busy for good. */
const PAGES_AT_ONCE = 100;
/** Of a page, in bytes: two hundred long texts. */
const LONGEST_PAGE = 8 * 1024 * 1024;

@Injectable()
export class EventFeed implements BeforeApplicationShutdown {
  private readonly logger = new Logger(EventFeed.name);
  private readonly accounts = new PerAccount(ACCOUNTS_AT_ONCE, (error) => this.warn('feeds', error));
  /** By the database's clock, as all times of the feeds are. */
  private begunAt: Date | null = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly client: HostClient,
    private readonly inbox: InboxProcessor,
  ) {}

  /** Does not wait for the hosts: an account that is still at work is left alone until it is done. */
  @Interval(LOOK_MS)
  tick(): void {
    this.accounts.wake(this.look);
  }

  /** @returns how many events were read, those included that were there already */
  runOnce(): Promise<number> {
    return this.accounts.runOnce(this.look);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.accounts.stop();
  }

  private readonly look: Look = async (busy) => {
    const { manager } = this.dataSource;
    this.begunAt ??= (await rowsOf<{ now: Date }>(manager, 'select now()'))[0]!.now;
    const due = await rowsOf<{ account_id: number }>(manager, DUE_FEEDS, [busy, this.begunAt]);
    return { accounts: due.map((each) => each.account_id), work: (accountId) => this.read(accountId) };
  };

  private async read(accountId: number): Promise<number> {
    let events = 0;
    try {
      const [feed] = await rowsOf<{ installationId: string; place: string | null }>(
        this.dataSource.manager,
        CLAIM_FEED,
        [accountId],
      );
      let place = feed?.place ?? null;
      for (let page = 0; feed && page < PAGES_AT_ONCE && !this.accounts.stopped; page += 1) {
        const answer = await this.ask(accountId, place);
        const key = [accountId, feed.installationId];
        if (answer.kind === 'page') events += answer.incoming.length;
        const next = await this.take(answer, key, place);
        if (next === undefined) break;
        place = next;
      }
    } catch (error) {
      this.warn(`the feed of account ${accountId}`, error);
    }
    if (events > 0) this.inbox.wake();
    return events;
  }

  private async ask(accountId: number, place: string | null): Promise<FeedAnswer> {
    const after = place === null ? '' : `&after=${encodeURIComponent(place)}`;
    const path = `/v1/events?limit=${EVENTS_AT_ONCE}${after}`;
    try {
      const access = await this.client.access(accountId);
      const request = { method: 'GET', path, longest: LONGEST_PAGE } as const;
      return feedAnswer(await this.client.begin(access, request).answer, place, Date.now());
    } catch (error) {
      const { code, name } = error as { code?: unknown; name?: unknown };
      const what = error instanceof ProblemError ? error.code : String(code ?? name);
      return { kind: 'trouble', what: `the host does not answer (${what})` };
    }
  }

  /**
   * @param key the account and its installation
   * @returns where to read on; undefined: not now
   */
  private async take(
    answer: FeedAnswer,
    key: (number | string)[],
    place: string | null,
  ): Promise<string | null | undefined> {
    const { manager } = this.dataSource;
    const [accountId] = key as [number];
    if (answer.kind === 'no_feed') await manager.query(HAS_NO_FEED, key);
    if (answer.kind === 'trouble') {
      this.logger.warn(`the feed of account ${accountId} is not read: ${maskPhones(answer.what)}`);
      await manager.query(IN_TROUBLE, key);
    }
    if (answer.kind === 'no_feed' || answer.kind === 'trouble') return undefined;
    if (answer.kind === 'page') {
      if (answer.strange > 0)
        this.logger.warn(
          `the feed of account ${accountId}: ${answer.strange} events are none of the contract`,
        );
      await storeIncoming(manager, accountId, answer.incoming);
    }
    const next = answer.kind === 'page' ? answer.next : null;
    const moved = await changedRows(manager, MOVE_ON, [...key, next, place]);
    return moved === 0 || (answer.kind === 'page' && answer.isLast) ? undefined : next;
  }

  private warn(what: string, error: unknown): void {
    this.logger.warn(`${what}: ${maskPhones((error as Error).message)}`);
  }
}
