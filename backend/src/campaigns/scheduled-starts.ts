/**
 * Scheduled campaigns whose time has come. The host is asked first, account by account, and nothing is locked
 * meanwhile; then the campaign is locked, found unchanged and begun:
 *
 *   scheduled ──ready──▶ running
 *       │ ├─────ready, but more than 15 minutes late──▶ paused (missed_start): Resume goes on from there
 *       │ └─────something stands in the way──▶ draft, with what it is
 *       └───the host does not answer, or the app is off──▶ scheduled still: the next look asks again
 */
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import pLimit from 'p-limit';
import { DataSource, type EntityManager } from 'typeorm';
import type { Obstacle } from '../../../contract/campaign.ts';
import { LongWork } from '../database/long-work.ts';
import { rowsOf } from '../database/rows.ts';
import { maskPhones } from '../error.filter.ts';
import { ProblemError } from '../errors.ts';
import { PerAccount, type Round } from '../per-account.ts';
import { changeState, lockCampaign, NOT_STARTED, readCampaign, type CampaignRow } from './campaign-state.ts';
import { ControlsService } from './controls.service.ts';
import { PreviewService, type Readiness } from './preview.service.ts';

/** Later than this after its time a campaign does not start by surprise: it pauses and says so. */
export const MISSED_AFTER_MS = 15 * 60_000;
const LOOK_MS = 1000;
const ACCOUNTS_AT_ONCE = 100;
/** Campaigns of one account about which its host is asked at once, and those read at once. */
const ASKED_AT_ONCE = 4;
const BATCH = 50;
/** Runs filled at once: the other connections for long work are for people. */
const BEGUN_AT_ONCE = 2;

interface Due {
  account_id: number;
  id: number;
  scheduled_for: Date;
  time_zone: string;
}

/** What became of one: it left the state `scheduled`, it stays, or its host does not answer at all. */
type Fate = 'left' | 'stays' | 'host_silent';

/** Starts scheduled campaigns when their time comes; once, whatever the number of processes. */
@Injectable()
export class ScheduledStarts implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ScheduledStarts.name);
  private readonly accounts = new PerAccount(ACCOUNTS_AT_ONCE, (error) =>
    this.warn('scheduled starts', error),
  );
  private readonly beginning = pLimit(BEGUN_AT_ONCE);

  constructor(
    private readonly dataSource: DataSource,
    private readonly longWork: LongWork,
    private readonly previews: PreviewService,
    private readonly controls: ControlsService,
  ) {}

  /** Does not wait for the hosts: an account that is still at work is left alone until it is done. */
  @Interval(LOOK_MS)
  tick(): void {
    this.accounts.wake(async (busy) => this.look(await this.databaseTime(), busy));
  }

  /** The clock that all processes share: one whose own is wrong would start campaigns early, or lay them aside as missed. */
  private async databaseTime(): Promise<Date> {
    const [row] = await rowsOf<{ now: Date }>(this.dataSource.manager, 'select now()');
    return row!.now;
  }

  /** @returns how many campaigns left the state `scheduled` */
  runOnce(now: Date): Promise<number> {
    return this.accounts.runOnce((busy) => this.look(now, busy));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.accounts.stop();
  }

  private async look(now: Date, busy: number[]): Promise<Round> {
    const due = await rowsOf<{ account_id: number }>(this.dataSource.manager, DUE_ACCOUNTS, [now, busy]);
    return {
      accounts: due.map((each) => each.account_id),
      work: (accountId) => this.startAll(accountId, now),
    };
  }

  /** All of an account that are due, batch after batch; a host that does not answer ends it for now. */
  private async startAll(accountId: number, now: Date): Promise<number> {
    const limit = pLimit(ASKED_AT_ONCE);
    let left = 0;
    let silent = false;
    try {
      for (let last = 0; !this.accounts.stopped && !silent;) {
        const due = await rowsOf<Due>(this.dataSource.manager, DUE_CAMPAIGNS, [accountId, now, last, BATCH]);
        if (due.length === 0) break;
        last = due.at(-1)!.id;
        const one = async (each: Due) => {
          const fate = silent || this.accounts.stopped ? 'stays' : await this.startOne(each, now);
          silent ||= fate === 'host_silent';
          left += fate === 'left' ? 1 : 0;
        };
        await Promise.all(due.map((each) => limit(one, each)));
      }
    } catch (error) {
      this.warn(`scheduled starts of account ${accountId}`, error);
    }
    return left;
  }

  /** One campaign's trouble must not hold up the others. */
  private async startOne(due: Due, now: Date): Promise<Fate> {
    try {
      const seen = await readCampaign(this.dataSource.manager, due.account_id, due.id);
      if (seen.state !== 'scheduled' || seen.scheduled_for!.getTime() !== due.scheduled_for.getTime())
        return 'stays';
      const lateMs = now.getTime() - due.scheduled_for.getTime();
      const found = await this.ask(seen, due.time_zone, lateMs);
      return found === null ? 'host_silent' : await this.beginning(() => this.begin(seen, found, lateMs));
    } catch (error) {
      this.warn(`scheduled start ${due.account_id}:${due.id}`, error);
      return 'stays';
    }
  }

  /** @returns null where the host does not answer and there is still time */
  private async ask(
    seen: CampaignRow,
    timeZone: string,
    lateMs: number,
  ): Promise<{ readiness: Readiness } | { inTheWay: Obstacle[] } | null> {
    try {
      const readiness = await this.previews.readiness(seen, timeZone);
      const inTheWay = readiness.obstacles.filter(({ field }) => field !== 'schedule');
      return inTheWay.length > 0 ? { inTheWay } : { readiness };
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code === 'installation_inactive') throw error;
      if (error.code === 'host_unavailable' && lateMs <= MISSED_AFTER_MS) return null;
      return { inTheWay: [{ field: 'channelId', code: error.code }] };
    }
  }

  private begin(
    seen: CampaignRow,
    found: { readiness: Readiness } | { inTheWay: Obstacle[] },
    lateMs: number,
  ): Promise<Fate> {
    return this.longWork.transaction(async (manager) => {
      // Another process is at it, or a person is: the next look sees what came of it.
      const free = await rowsOf(manager, FREE, [seen.account_id, seen.id]);
      if (free.length === 0) return 'stays';
      const row = await lockCampaign(manager, seen.account_id, seen.id);
      if (!isSame(seen, row)) return 'stays';
      if ('inTheWay' in found) await layAside(manager, row, found.inTheWay);
      else await this.beginOrLayAside(manager, row, found.readiness, lateMs);
      return 'left';
    });
  }

  /** That nobody is left to write to, only the filled queue can tell. */
  private async beginOrLayAside(
    manager: EntityManager,
    row: CampaignRow,
    readiness: Readiness,
    lateMs: number,
  ): Promise<void> {
    const hold = lateMs > MISSED_AFTER_MS ? { reason: 'missed_start' as const, detail: null } : null;
    await manager.query('savepoint begin_run');
    try {
      await this.controls.startScheduled(manager, row, readiness, hold);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'not_ready') throw error;
      await manager.query('rollback to savepoint begin_run');
      await layAside(manager, row, error.errors as Obstacle[]);
    }
  }

  private warn(what: string, error: unknown): void {
    this.logger.warn(`${what}: ${maskPhones((error as Error).message)}`);
  }
}

/** Accounts whose app is off start nothing; switched on again in time, they do. */
const DUE_ACCOUNTS = `
select distinct c.account_id
  from campaign c
 where c.state = 'scheduled' and c.scheduled_for <= $1 and c.account_id <> all ($2::int[])
   and exists (select from installation i where i.account_id = c.account_id and i.state = 'active')`;

const DUE_CAMPAIGNS = `
select c.account_id, c.id, c.scheduled_for, a.time_zone
  from campaign c join account a on a.id = c.account_id
 where c.account_id = $1 and c.state = 'scheduled' and c.scheduled_for <= $2 and c.id > $3
 order by c.id limit $4`;

const FREE = 'select 1 from campaign where account_id = $1 and id = $2 for update skip locked';

/** What was checked is what is started: a change in between is looked at anew. */
function isSame(seen: CampaignRow, row: CampaignRow): boolean {
  return (
    row.state === 'scheduled' &&
    row.scheduled_for!.getTime() === seen.scheduled_for!.getTime() &&
    row.version === seen.version
  );
}

/**
 * Back to a draft, where everything can be put right, with what stood in the way. A run begun and paused would have
 * frozen what cannot be sent.
 */
async function layAside(manager: EntityManager, row: CampaignRow, inTheWay: Obstacle[]): Promise<void> {
  await changeState(manager, row.account_id, row.id, {
    action: NOT_STARTED,
    by: 'system',
    from: 'scheduled',
    to: 'draft',
    pauseReason: 'not_ready',
    obstacles: inTheWay,
  });
}
