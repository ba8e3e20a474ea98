import { Injectable } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import { isUnderWay } from '../../../contract/campaign-states.ts';
import {
  editableSettings,
  newSettings,
  type Campaign,
  type CampaignChange,
  type CampaignPage,
  type CampaignQuery,
  type CampaignSettings,
  type HistoryEntry,
} from '../../../contract/campaign.ts';
import type { SendingHours } from '../../../contract/sending-hours.ts';
import { localToInstant } from '../../../contract/zoned-time.ts';
import { rowsOf } from '../database/rows.ts';
import { spacing } from '../dispatch/pacing.ts';
import { ProblemError } from '../errors.ts';
import type { Caller } from '../host/caller.ts';
import { CampaignEventEntity } from './campaign-event.entity.ts';
import {
  lockCampaignSoon,
  RATE_CHANGED,
  readCampaign,
  writeEvent,
  type CampaignRow,
} from './campaign-state.ts';
import { refillQueue } from './refill-queue.ts';
import { campaignView, viewerOf, settingsOf } from './campaign-view.ts';
import { campaignPage } from './campaign-page.ts';
import { nameKey } from './name-key.ts';
import { saveHours } from './sending-hours.ts';

/** PostgreSQL: a unique index said no. */
const UNIQUE_VIOLATION = '23505';

/** A campaign's settings: create, read, change, remove. */
@Injectable()
export class CampaignsService {
  constructor(private readonly dataSource: DataSource) {}

  /** A page of the campaigns, the last changed first. */
  list(caller: Caller, query: CampaignQuery): Promise<CampaignPage> {
    return campaignPage(this.dataSource.manager, caller.accountId, query);
  }

  async create(caller: Caller, name: string): Promise<Campaign> {
    const settings = newSettings(name);
    const id = await uniqueName(() =>
      this.dataSource.transaction(async (manager) => {
        const [account] = await rowsOf<{ last_campaign_id: number }>(
          manager,
          'update account set last_campaign_id = last_campaign_id + 1 where id = $1 returning last_campaign_id',
          [caller.accountId],
        );
        const campaignId = account!.last_campaign_id;
        await manager.query('insert into campaign (account_id, id, rate) values ($1, $2, $3)', [
          caller.accountId,
          campaignId,
          settings.ratePerMinute,
        ]);
        await manager.query(
          `insert into campaign_settings (account_id, campaign_id, name, name_key, method, created_by)
           values ($1, $2, $3, $4, $5, $6)`,
          [
            caller.accountId,
            campaignId,
            settings.name,
            nameKey(settings.name),
            settings.method,
            caller.userId,
          ],
        );
        const event = { action: 'create', by: caller.userId, from: null, to: 'draft' as const };
        await writeEvent(manager, caller.accountId, campaignId, event);
        return campaignId;
      }),
    );
    return this.get(caller, id);
  }

  async get(caller: Caller, id: number): Promise<Campaign> {
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    return campaignView(this.dataSource.manager, row, viewerOf(caller));
  }

  /** @throws ProblemError version_conflict, settings_locked, name_taken, time_past, time_invalid */
  async change(caller: Caller, id: number, change: CampaignChange): Promise<Campaign> {
    await uniqueName(() =>
      this.dataSource.transaction(async (manager) => {
        const row = await lockCampaignSoon(manager, caller.accountId, id);
        if (row.version !== change.version)
          throw new ProblemError('version_conflict', { version: row.version });
        const before = settingsOf(row);
        const after = { ...before, ...change.settings };
        this.requireEditable(row, before, after);
        this.requireFuture(before, after, caller.account.timeZone);
        await this.save(manager, row, after, caller.userId);
        if (!sameHours(before.sendingHours, after.sendingHours))
          await this.changeHours(manager, row, after.sendingHours, caller);
        if (isUnderWay(row.state) && after.removeDuplicates !== row.remove_duplicates)
          await refillQueue(manager, row, after.removeDuplicates);
      }),
    );
    return this.get(caller, id);
  }

  private async changeHours(
    manager: EntityManager,
    row: CampaignRow,
    hours: CampaignSettings['sendingHours'],
    caller: Caller,
  ): Promise<void> {
    await saveHours(manager, row, hours, caller.account.timeZone);
    if (!isUnderWay(row.state)) return;
    const event = { action: 'hours', by: caller.userId, from: row.state, to: row.state };
    await writeEvent(manager, row.account_id, row.id, event);
  }

  private requireEditable(row: CampaignRow, before: CampaignSettings, after: CampaignSettings): void {
    const editable = editableSettings(row.state, row.untouched);
    const locked = (Object.keys(before) as (keyof CampaignSettings)[]).filter(
      (field) => !editable.includes(field) && JSON.stringify(before[field]) !== JSON.stringify(after[field]),
    );
    if (locked.length > 0) throw new ProblemError('settings_locked', { fields: locked.join(', ') });
  }

  private requireFuture(before: CampaignSettings, after: CampaignSettings, timeZone: string): void {
    if (after.schedule.kind === 'now' || JSON.stringify(before.schedule) === JSON.stringify(after.schedule))
      return;
    const at = localToInstant(after.schedule.at, timeZone);
    const code = !at ? 'time_invalid' : at.getTime() <= Date.now() ? 'time_past' : null;
    if (code) throw new ProblemError('invalid', {}, [{ field: 'schedule', code }]);
  }

  private async save(
    manager: EntityManager,
    row: CampaignRow,
    after: CampaignSettings,
    userId: string,
  ): Promise<void> {
    await manager.query(
      `update campaign_settings
          set name = $3, method = $4, channel_id = $5, template_id = $6, bindings = $7, text = $8,
              remove_duplicates = $9, additional_list = $10, on_file_removal = $11, start_at = $12, name_key = $13,
              version = version + 1, updated_at = now()
        where account_id = $1 and campaign_id = $2`,
      [
        row.account_id,
        row.id,
        after.name,
        after.method,
        after.channelId,
        after.templateId,
        JSON.stringify(after.bindings),
        after.text,
        after.removeDuplicates,
        after.additionalList,
        after.onFileRemoval,
        after.schedule.kind === 'at' ? after.schedule.at : null,
        nameKey(after.name),
      ],
    );
    if (after.ratePerMinute === row.rate) return;
    // The wait that is left was earned at the old rate: the same number of messages waits at the new one. Whoever
    // looks after the campaign has the old due time in memory, so it is let go of.
    await manager.query(
      `update campaign
          set rate = $3, owner = null, due_at = case when due_at > now() then now() + (due_at - now()) * $4::float8 else due_at end
        where account_id = $1 and id = $2`,
      [row.account_id, row.id, after.ratePerMinute, spacing(after.ratePerMinute) / spacing(row.rate)],
    );
    if (!isUnderWay(row.state)) return;
    const event = { action: RATE_CHANGED, by: userId, from: row.state, to: row.state };
    await writeEvent(manager, row.account_id, row.id, event);
  }

  /** Takes a draft or a finished campaign off the list; its report is kept with the account's data. */
  async remove(caller: Caller, id: number): Promise<void> {
    await this.dataSource.transaction(async (manager) => {
      const row = await lockCampaignSoon(manager, caller.accountId, id);
      if (row.state !== 'draft' && row.state !== 'completed') throw new ProblemError('campaign_has_runs');
      await manager.query(
        'update campaign_settings set archived_at = now() where account_id = $1 and campaign_id = $2',
        [caller.accountId, id],
      );
      const event = { action: 'remove', by: caller.userId, from: row.state, to: row.state };
      await writeEvent(manager, caller.accountId, id, event);
    });
  }

  async history(caller: Caller, id: number): Promise<HistoryEntry[]> {
    await readCampaign(this.dataSource.manager, caller.accountId, id);
    const events = await this.dataSource.manager.find(CampaignEventEntity, {
      where: { accountId: caller.accountId, campaignId: id },
      order: { at: 'DESC' },
      take: 200,
    });
    return events.map((event) => ({
      at: event.at.toISOString(),
      by: event.byUser,
      action: event.action,
      from: event.fromState,
      to: event.toState,
      reason: event.reason,
      rate: event.rate,
    }));
  }
}

function sameHours(a: SendingHours | null, b: SendingHours | null): boolean {
  return a?.from === b?.from && a?.to === b?.to && a?.zone === b?.zone;
}

/** The unique index decides about names; two people who save at once cannot both get one. */
async function uniqueName<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, constraint } =
      (error as { driverError?: { code?: string; constraint?: string } }).driverError ?? {};
    if (code === UNIQUE_VIOLATION && constraint === 'campaign_name') {
      throw new ProblemError('name_taken', {}, [{ field: 'name', code: 'name_taken' }]);
    }
    throw error;
  }
}
