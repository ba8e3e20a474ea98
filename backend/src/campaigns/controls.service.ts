import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isUnderWay, type Control } from '../../../contract/campaign-states.ts';
import type {
  ControlResult,
  PauseReason,
  Restart,
  RestartCounts,
  RestartGroup,
} from '../../../contract/campaign.ts';
import { roleMay } from '../../../contract/session.ts';
import { localToInstant } from '../../../contract/zoned-time.ts';
import { LongWork } from '../database/long-work.ts';
import { planForManyRows } from '../database/rows.ts';
import { Dispatcher } from '../dispatch/dispatcher.ts';
import { addToRun, enqueueList, type RunKey } from '../dispatch/enqueue.ts';
import { emptyQueue } from '../dispatch/queue-parts.ts';
import { countParts, enqueueFromRun } from '../dispatch/restart-scope.ts';
import { loadedLists } from '../lists/list-rows.ts';
import { draftAccount } from '../reports/row-account.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import {
  changeState,
  lockCampaign,
  lockCampaignSoon,
  readCampaign,
  requireControl,
  rowVersion,
  type CampaignRow,
} from './campaign-state.ts';
import { campaignView, viewerOf, CONTROL_PERMISSIONS } from './campaign-view.ts';
import { clearCampaign } from './clear-campaign.ts';
import { PreviewService, type Readiness } from './preview.service.ts';

/** Start, pause, resume, clear, restart: each one guarded change of state, with what follows from it. */
@Injectable()
export class ControlsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly longWork: LongWork,
    private readonly previews: PreviewService,
    private readonly dispatcher: Dispatcher,
  ) {}

  async apply(caller: Caller, id: number, control: Control, whom: Restart): Promise<ControlResult> {
    if (!roleMay(caller.role, CONTROL_PERMISSIONS[control])) throw new ProblemError('role_insufficient');
    const inFlight = await this.carryOut(caller, id, control, whom);
    const effectiveAt = new Date().toISOString();
    this.dispatcher.wake();
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    return {
      campaign: await campaignView(this.dataSource.manager, row, viewerOf(caller)),
      inFlight,
      effectiveAt,
    };
  }

  private async carryOut(caller: Caller, id: number, control: Control, whom: Restart): Promise<number> {
    switch (control) {
      case 'start':
        await this.start(caller, id);
        return 0;
      case 'restart':
        await this.restart(caller, id, whom);
        return 0;
      case 'pause':
        return this.pause(caller, id);
      case 'clear':
        return this.clear(caller, id);
      case 'resume':
      case 'cancelSchedule':
        await this.move(caller, id, control);
        return 0;
    }
  }

  private async move(
    caller: Caller,
    id: number,
    control: 'pause' | 'resume' | 'cancelSchedule',
  ): Promise<void> {
    const to = { pause: 'paused', resume: 'running', cancelSchedule: 'draft' } as const;
    await this.dataSource.transaction(async (manager) => {
      const { state } = await lockCampaignSoon(manager, caller.accountId, id);
      requireControl(control, state);
      await changeState(manager, caller.accountId, id, {
        action: control,
        by: caller.userId,
        from: state,
        to: to[control],
        pauseReason: control === 'pause' ? 'user' : null,
      });
    });
  }

  /** From the commit on no process is granted anything; what is granted and has not left, never will. */
  private async pause(caller: Caller, id: number): Promise<number> {
    await this.move(caller, id, 'pause');
    return this.dispatcher.silence(caller.accountId, id);
  }

  /**
   * In two steps, so that nothing is locked while other processes fall silent: pause, saying why; then clear what is
   * still as it was left. A process that dies in between leaves a paused campaign, to be cleared again.
   */
  private async clear(caller: Caller, id: number): Promise<number> {
    const held = await this.holdForClear(caller, id);
    const inFlight = await this.dispatcher.silence(caller.accountId, id);
    await this.longWork.transaction(async (manager) => {
      const row = await lockCampaign(manager, caller.accountId, id);
      requireControl('clear', row.state);
      // Resumed, say, while others fell silent: that person knows nothing of the Clear.
      if ((await rowVersion(manager, caller.accountId, id)) !== held)
        throw new ProblemError('version_conflict', { version: row.version });
      await clearCampaign(manager, row);
      const change = { action: 'clear', by: caller.userId, from: row.state, to: 'draft' as const };
      await changeState(manager, caller.accountId, id, change);
    });
    return inFlight;
  }

  /** @returns the version in which the campaign has to be found again */
  private holdForClear(caller: Caller, id: number): Promise<string> {
    return this.longWork.transaction(async (manager) => {
      const { state, pause_reason } = await lockCampaign(manager, caller.accountId, id);
      requireControl('clear', state);
      // Of two who clear at once the first has said so already, and one of them gets it done.
      if (isUnderWay(state) && pause_reason !== 'clearing') {
        const change = { action: 'pause', by: caller.userId, from: state, to: 'paused' as const };
        await changeState(manager, caller.accountId, id, { ...change, pauseReason: 'clearing' });
      }
      return rowVersion(manager, caller.accountId, id);
    });
  }

  private async start(caller: Caller, id: number): Promise<void> {
    const seen = await readCampaign(this.dataSource.manager, caller.accountId, id);
    requireControl('start', seen.state);
    const readiness = await this.previews.readiness(seen, caller.account.timeZone);
    if (readiness.obstacles.length > 0) throw new ProblemError('not_ready', {}, readiness.obstacles);
    await this.longWork.transaction(async (manager) => {
      const row = await lockCampaign(manager, caller.accountId, id);
      requireControl('start', row.state);
      // What was checked is what is started: a change in between is a conflict, not a surprise.
      if (row.version !== seen.version) throw new ProblemError('version_conflict', { version: row.version });
      if (row.start_at !== null) {
        const scheduledFor = localToInstant(row.start_at, caller.account.timeZone);
        const change = { action: 'schedule', by: caller.userId, from: row.state, to: 'scheduled' as const };
        await changeState(manager, caller.accountId, id, { ...change, scheduledFor });
      } else {
        await this.beginRun(manager, row, readiness, { by: caller.userId, action: 'start' });
      }
    });
  }

  /**
   * Starts a scheduled campaign whose time has come, or lays it aside with the reason: it begins its run paused,
   * so that Resume goes on from there.
   */
  async startScheduled(
    manager: EntityManager,
    row: CampaignRow,
    readiness: Readiness,
    hold: { reason: PauseReason; detail: string | null } | null,
  ): Promise<void> {
    await this.beginRun(manager, row, readiness, { by: 'system', action: 'start', ...(hold && { hold }) });
    this.dispatcher.wake();
  }

  private async restart(caller: Caller, id: number, whom: Restart): Promise<void> {
    const seen = await readCampaign(this.dataSource.manager, caller.accountId, id);
    requireControl('restart', seen.state);
    const readiness = await this.previews.readiness(seen, caller.account.timeZone);
    const inTheWay = readiness.obstacles.filter(({ field }) => field !== 'schedule');
    if (inTheWay.length > 0) throw new ProblemError('not_ready', {}, inTheWay);
    await this.longWork.transaction(async (manager) => {
      const row = await lockCampaign(manager, caller.accountId, id);
      requireControl('restart', row.state);
      if (row.version !== seen.version) throw new ProblemError('version_conflict', { version: row.version });
      await this.beginRun(manager, row, readiness, { by: caller.userId, action: 'restart', whom });
    });
  }

  /** Whom each scope of a Restart would write to now. @throws ProblemError where there is nothing to restart */
  async restartCounts(caller: Caller, id: number, groups: readonly RestartGroup[]): Promise<RestartCounts> {
    return this.longWork.transaction(async (manager) => {
      const row = await readCampaign(manager, caller.accountId, id);
      requireControl('restart', row.state);
      const { account_id: accountId, run, remove_duplicates: once } = row;
      await planForManyRows(manager);
      const lists = await loadedLists(manager, accountId, id);
      const last: RunKey = { accountId, campaignId: id, run };
      const all = await draftAccount(manager, accountId, id, lists, once);
      const parts = await countParts(manager, last, groups, once);
      return { ...parts, all: all.queued, stopped: { ...parts.stopped, all: all.stopped } };
    });
  }

  /** The next run of a locked campaign: its content frozen, its queue filled, its state changed, all at once. */
  private async beginRun(
    manager: EntityManager,
    row: CampaignRow,
    readiness: Readiness,
    how: {
      by: string;
      action: string;
      whom?: Restart;
      hold?: { reason: PauseReason; detail: string | null };
    },
  ): Promise<void> {
    const key: RunKey = { accountId: row.account_id, campaignId: row.id, run: row.run + 1 };
    const { scope, groups } = how.whom ?? { scope: 'all', groups: [] };
    await manager.query(
      `insert into run (account_id, campaign_id, run, scope, content, started_by, groups) values ($1, $2, $3, $4, $5, $6, $7)`,
      [
        key.accountId,
        key.campaignId,
        key.run,
        scope,
        JSON.stringify(readiness.content),
        how.by,
        groups.length > 0 ? JSON.stringify(groups) : null,
      ],
    );
    await manager.query('update campaign set run = $3, channel_id = $4 where account_id = $1 and id = $2', [
      key.accountId,
      key.campaignId,
      key.run,
      readiness.content.channelId,
    ]);
    await emptyQueue(manager, key, row.hours_by_recipient);
    await planForManyRows(manager);
    let queued = 0;
    if (scope !== 'all')
      queued = await enqueueFromRun(manager, key, row.run, { scope, groups }, row.remove_duplicates);
    else {
      const lists = readiness.lists.map(({ id }) => id);
      await addToRun(manager, key, lists);
      for (const list of lists) queued += await enqueueList(manager, key, list, row.remove_duplicates);
    }
    if (queued === 0 && !how.hold) {
      throw new ProblemError('not_ready', {}, [{ field: 'mainList', code: 'nobody_to_write' }]);
    }
    await changeState(manager, row.account_id, row.id, {
      action: how.action,
      by: how.by,
      from: row.state,
      to: how.hold ? 'paused' : 'running',
      pauseReason: how.hold?.reason ?? null,
      pauseDetail: how.hold?.detail ?? null,
    });
  }
}
