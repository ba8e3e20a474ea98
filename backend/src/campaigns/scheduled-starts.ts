import { Injectable, Logger } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import type { PauseReason } from '../../../contract/campaign.ts';
import { problemText } from '../../../contract/problems.ts';
import { rowsOf } from '../database/rows.ts';
import { maskPhones } from '../error.filter.ts';
import { ProblemError } from '../errors.ts';
import { changeState, lockCampaign } from './campaign-state.ts';
import { ControlsService } from './controls.service.ts';
import { PreviewService } from './preview.service.ts';

/** Later than this after its time a campaign does not start by surprise: it pauses and says so. */
export const MISSED_AFTER_MS = 15 * 60_000;
const LOOK_MS = 1000;

interface Due {
  account_id: number;
  id: number;
  scheduled_for: Date;
  time_zone: string;
}

/** Starts scheduled campaigns when their time comes; once, whatever the number of processes. */
@Injectable()
export class ScheduledStarts {
  private readonly logger = new Logger(ScheduledStarts.name);
  private working = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly previews: PreviewService,
    private readonly controls: ControlsService,
  ) {}

  @Interval(LOOK_MS)
  async tick(): Promise<void> {
    if (this.working) return;
    this.working = true;
    try {
      await this.runOnce(new Date());
    } catch (error) {
      this.logger.warn(`scheduled starts: ${maskPhones((error as Error).message)}`);
    } finally {
      this.working = false;
    }
  }

  /** @returns how many campaigns left the state `scheduled` */
  async runOnce(now: Date): Promise<number> {
    const due = await rowsOf<Due>(
      this.dataSource.manager,
      `select c.account_id, c.id, c.scheduled_for, a.time_zone
         from campaign c join account a on a.id = c.account_id
        where c.state = 'scheduled' and c.scheduled_for <= $1 order by c.scheduled_for limit 50`,
      [now],
    );
    let started = 0;
    for (const each of due) {
      try {
        started += (await this.begin(each, now)) ? 1 : 0;
      } catch (error) {
        // One campaign's trouble must not hold up the others, least of all those of other accounts.
        this.logger.warn(
          `scheduled start ${each.account_id}:${each.id}: ${maskPhones((error as Error).message)}`,
        );
      }
    }
    return started;
  }

  private begin(due: Due, now: Date): Promise<boolean> {
    return this.dataSource.transaction(async (manager) => {
      const row = await lockCampaign(manager, due.account_id, due.id);
      // Another process was faster, or a person took the schedule back.
      if (row.state !== 'scheduled' || row.scheduled_for!.getTime() !== due.scheduled_for.getTime())
        return false;
      // Before anything that may fail, so that there is something to go back to.
      await manager.query('savepoint begin_run');
      try {
        const readiness = await this.previews.readiness(row, due.time_zone);
        const inTheWay = readiness.obstacles.filter(({ field }) => field !== 'schedule');
        const hold = holdFor(inTheWay, now.getTime() - due.scheduled_for.getTime());
        await this.controls.startScheduled(manager, row, readiness, hold);
        return true;
      } catch (error) {
        if (!(error instanceof ProblemError)) throw error;
        // The host does not answer: the next look tries again until the time is missed.
        if (
          error.code === 'host_unavailable' &&
          now.getTime() - due.scheduled_for.getTime() < MISSED_AFTER_MS
        ) {
          return false;
        }
        await manager.query('rollback to savepoint begin_run');
        await changeState(manager, row.account_id, row.id, {
          action: 'start',
          by: 'system',
          from: 'scheduled',
          to: 'draft',
          pauseReason: error.code as PauseReason,
        });
        return true;
      }
    });
  }
}

function holdFor(
  inTheWay: readonly { code: string; params?: Record<string, string | number> }[],
  lateMs: number,
): { reason: PauseReason; detail: string | null } | null {
  if (inTheWay.length > 0) {
    return {
      reason: 'not_ready',
      detail: inTheWay.map(({ code, params }) => problemText(code, 'en', params)).join(' '),
    };
  }
  return lateMs > MISSED_AFTER_MS ? { reason: 'missed_start', detail: null } : null;
}
