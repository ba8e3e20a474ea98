import type { EntityManager } from 'typeorm';
import {
  controlsIn,
  isUnderWay,
  type CampaignState,
  type Control,
} from '../../../contract/campaign-states.ts';
import type { Campaign, CampaignSettings, Obstacle, Progress } from '../../../contract/campaign.ts';
import type { Template } from '../../../contract/channel.ts';
import { endByZones, endOfSending, type SendingHours } from '../../../contract/sending-hours.ts';
import { roleMay, type Permission, type Role } from '../../../contract/session.ts';
import type { RunContent } from '../dispatch/compose.ts';
import { rowsOf } from '../database/rows.ts';
import { duration } from '../dispatch/pacing.ts';
import type { Caller } from '../host/caller.ts';
import { loadedLists, summaryOf, type ListRow } from '../lists/list-rows.ts';
import { zoneShares, zonesLeft, type ZoneMessages } from '../ranges/zone-shares.ts';
import { draftAccount, runAccount } from '../reports/row-account.ts';
import { NOT_STARTED, type CampaignRow } from './campaign-state.ts';
import { channelPace } from './channel-pace.ts';

/** Start sends and Restart sends again: they ask for more than stopping what goes on. */
export const CONTROL_PERMISSIONS: Record<Control, Permission> = {
  start: 'setUp',
  cancelSchedule: 'control',
  pause: 'control',
  resume: 'control',
  clear: 'control',
  restart: 'control',
};

export function settingsOf(row: CampaignRow): CampaignSettings {
  return {
    name: row.name,
    method: row.method,
    channelId: row.channel_id,
    templateId: row.template_id,
    bindings: row.bindings,
    text: row.text,
    removeDuplicates: row.remove_duplicates,
    additionalList: row.additional_list,
    onFileRemoval: row.on_file_removal,
    ratePerMinute: row.rate,
    schedule: row.start_at === null ? { kind: 'now' } : { kind: 'at', at: row.start_at },
    sendingHours: hoursOf(row),
  };
}

/** Whom a campaign is shown to. */
export interface Viewer {
  role: Role;
  /** Of the account. */
  timeZone: string;
}

export function viewerOf({ role, account }: Pick<Caller, 'role' | 'account'>): Viewer {
  return { role, timeZone: account.timeZone };
}

/** A campaign as the widget shows it. */
export async function campaignView(
  manager: EntityManager,
  row: CampaignRow,
  { role, timeZone }: Viewer,
): Promise<Campaign> {
  const lists = await loadedLists(manager, row.account_id, row.id);
  return {
    id: row.id,
    version: row.version,
    state: row.state,
    pauseReason: row.pause_reason,
    pauseDetail: row.pause_detail,
    scheduledFor: row.scheduled_for?.toISOString() ?? null,
    notStarted: await notStarted(manager, row),
    settings: settingsOf(row),
    template: await frozenTemplate(manager, row),
    lists: lists.map(summaryOf),
    untouched: row.untouched,
    progress: await progressOf(manager, row, lists, timeZone),
    controls: controlsFor(row.state, role),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    asOf: row.as_of.toISOString(),
  };
}

/** The controls that a state offers to a role. */
export function controlsFor(state: CampaignState, role: Role): Control[] {
  return controlsIn(state).filter((control) => roleMay(role, CONTROL_PERMISSIONS[control]));
}

export async function progressOf(
  manager: EntityManager,
  row: CampaignRow,
  lists: readonly ListRow[],
  timeZone: string,
): Promise<Progress> {
  if (row.state === 'draft' || row.state === 'scheduled') {
    const account = await draftAccount(manager, row.account_id, row.id, lists, row.remove_duplicates);
    return {
      run: row.run,
      account,
      replied: 0,
      lastMinute: 0,
      waitsUntil: null,
      zones: null,
      finishAt: null,
      finishedAt: null,
      channelPace: null,
    };
  }
  const counted = await runAccount(manager, row.account_id, row.id, row.run);
  const left = counted.account.queued + counted.account.sending;
  const pace = await channelPace(manager, row);
  const now = Date.now();
  const hours = hoursOf(row);
  const zones =
    isUnderWay(row.state) && hours?.zone === 'recipient'
      ? await zonesLeft(manager, { accountId: row.account_id, campaignId: row.id, run: row.run })
      : null;
  const finishAt =
    row.state === 'running'
      ? finishTime(left, pace?.perMinute ?? row.rate, now, { hours, timeZone, zones })
      : null;
  return {
    run: row.run,
    ...counted,
    waitsUntil: row.waits_until?.toISOString() ?? null,
    zones: zones && zoneShares(zones, hours, now),
    finishAt,
    finishedAt: await finishedAt(manager, row),
    channelPace: pace,
  };
}

async function finishedAt(manager: EntityManager, row: CampaignRow): Promise<string | null> {
  if (row.state !== 'completed') return null;
  const [run] = await rowsOf<{ finished_at: Date | null }>(
    manager,
    'select finished_at from run where account_id = $1 and campaign_id = $2 and run = $3',
    [row.account_id, row.id, row.run],
  );
  return run?.finished_at?.toISOString() ?? null;
}

export function hoursOf({ hours_from, hours_to, hours_by_recipient }: CampaignRow): SendingHours | null {
  if (hours_from === null || hours_to === null) return null;
  return { from: hours_from, to: hours_to, zone: hours_by_recipient ? 'recipient' : 'account' };
}

/** By whose clocks messages are sent. */
export interface Clocks {
  hours: SendingHours | null;
  /** Of the account. */
  timeZone: string;
  /** Where the recipients' clocks count, how many have which. */
  zones: readonly ZoneMessages[] | null;
}

/** @param rate a minute · @param from in ms since 1970 */
export function finishTime(
  messages: number,
  rate: number,
  from: number,
  { hours, timeZone, zones }: Clocks,
): string {
  const ms = (count: number) => duration(count, rate) * 1000;
  const end =
    hours && zones
      ? endByZones(
          from,
          zones.map((each) => ({ zone: each.zone, ms: ms(each.messages) })),
          hours,
        )
      : endOfSending(from, ms(messages), hours, timeZone);
  return new Date(end).toISOString();
}

/** What stood in the way of a draft's scheduled start, if that is why it is a draft: until the next Start. */
async function notStarted(manager: EntityManager, row: CampaignRow): Promise<Campaign['notStarted']> {
  if (row.state !== 'draft') return null;
  const [last] = await rowsOf<{ at: Date; action: string; detail: Obstacle[] | null }>(
    manager,
    `select at, action, detail from campaign_event
      where account_id = $1 and campaign_id = $2 and from_state is distinct from to_state
      order by at desc limit 1`,
    [row.account_id, row.id],
  );
  if (last?.action !== NOT_STARTED) return null;
  return { at: last.at.toISOString(), obstacles: last.detail ?? [] };
}

/** The template as it was when the run began; a draft's is looked up by the widget itself. */
async function frozenTemplate(manager: EntityManager, row: CampaignRow): Promise<Template | null> {
  if (row.run === 0 || row.state === 'draft' || row.state === 'scheduled') return null;
  const [run] = await rowsOf<{ content: RunContent }>(
    manager,
    'select content from run where account_id = $1 and campaign_id = $2 and run = $3',
    [row.account_id, row.id, row.run],
  );
  return run?.content.template ?? null;
}
