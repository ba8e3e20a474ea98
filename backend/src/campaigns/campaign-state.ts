/** The statements that move a campaign from state to state; each says in its WHERE which state it expects. */
import type { EntityManager } from 'typeorm';
import { CONTROL_STATES, type CampaignState, type Control } from '../../../contract/campaign-states.ts';
import type { Binding, Obstacle, PauseReason } from '../../../contract/campaign.ts';
import type { Method } from '../../../contract/channel.ts';
import type { RemovalRule } from '../../../contract/list.ts';
import { changedRows, rowsOf } from '../database/rows.ts';
import { ProblemError } from '../errors.ts';

/** A campaign's two rows as the database holds them. */
export interface CampaignRow {
  account_id: number;
  id: number;
  state: CampaignState;
  run: number;
  last_position: number;
  rate: number;
  /** `09:00`; null, both: around the clock. */
  hours_from: string | null;
  hours_to: string | null;
  /** On the recipients' clocks, not on the account's. */
  hours_by_recipient: boolean;
  /** Its queue is in parts, one for each zone. */
  in_parts: boolean;
  /** Running outside its hours: when they open. */
  waits_until: Date | null;
  scheduled_for: Date | null;
  pause_reason: PauseReason | null;
  pause_detail: string | null;
  version: number;
  name: string;
  method: Method;
  channel_id: string | null;
  template_id: string | null;
  bindings: Record<string, Binding>;
  text: string;
  remove_duplicates: boolean;
  additional_list: boolean;
  on_file_removal: RemovalRule;
  start_at: string | null;
  /** Nothing of the run has been handed out and none of its files removed: its queue can still be made anew. */
  untouched: boolean;
  created_at: Date;
  updated_at: Date;
  /** By the database's clock, when the row was read. */
  as_of: Date;
}

const SELECT = `
  select c.account_id, c.id, c.state, c.run, c.last_position, c.rate, c.scheduled_for, c.pause_reason,
         to_char(c.hours_from, 'HH24:MI') as hours_from, to_char(c.hours_to, 'HH24:MI') as hours_to,
         c.hours_by_recipient, c.part_end is not null as in_parts,
         case when c.state = 'running' and hours_wait(c.hours_from, c.hours_to, c.hours_zone) > 0
              then now() + make_interval(secs => hours_wait(c.hours_from, c.hours_to, c.hours_zone)) end as waits_until,
         c.pause_detail, s.version, s.name, s.method, s.channel_id, s.template_id, s.bindings, s.text,
         s.remove_duplicates, s.additional_list, s.on_file_removal, s.start_at, s.created_at, s.updated_at,
         statement_timestamp() as as_of,
         case when c.part_end is null then c.cursor = 0
              else not exists (
                select from queue_part p
                 where p.account_id = c.account_id and p.campaign_id = c.id and p.run = c.run
                   and case when p.high = c.part_end then c.cursor else p.cursor end > p.low) end
         and not exists (
           select from run_list rl
             join list l on l.account_id = rl.account_id and l.campaign_id = rl.campaign_id and l.id = rl.list_id
            where rl.account_id = c.account_id and rl.campaign_id = c.id and rl.run = c.run
              and l.removed_at is not null) as untouched
    from campaign c
    join campaign_settings s on s.account_id = c.account_id and s.campaign_id = c.id
   where c.account_id = $1 and c.id = $2 and s.archived_at is null`;

/** @throws ProblemError `campaign_not_found`, also for another account's id */
export async function readCampaign(
  manager: EntityManager,
  accountId: number,
  id: number,
): Promise<CampaignRow> {
  const [row] = await rowsOf<CampaignRow>(manager, SELECT, [accountId, id]);
  if (!row) throw new ProblemError('campaign_not_found');
  return row;
}

/**
 * The same, locked against every other change until the transaction ends. The claim skips locked rows, so nothing
 * of the campaign is handed out meanwhile.
 */
export async function lockCampaign(
  manager: EntityManager,
  accountId: number,
  id: number,
): Promise<CampaignRow> {
  const [row] = await rowsOf<CampaignRow>(manager, `${SELECT} for update of c, s`, [accountId, id]);
  if (!row) throw new ProblemError('campaign_not_found');
  return row;
}

/** How long a change that is done in a moment waits for a longer one, be it a Clear or a Start of a large campaign. */
const LOCK_WAIT_MS = 3000;
/** PostgreSQL: the lock did not come free in that time. */
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * The same on a connection for quick work: those who wait for one campaign must not take the connections of all.
 * @throws ProblemError `busy` where somebody else is at the campaign for longer
 */
export async function lockCampaignSoon(
  manager: EntityManager,
  accountId: number,
  id: number,
): Promise<CampaignRow> {
  await manager.query(`set local lock_timeout = ${LOCK_WAIT_MS}`);
  try {
    return await lockCampaign(manager, accountId, id);
  } catch (error) {
    if ((error as { code?: unknown }).code === LOCK_NOT_AVAILABLE) throw new ProblemError('busy');
    throw error;
  }
}

/** Another one after every change of the campaign's row in the database, the settings' own row apart. */
export async function rowVersion(manager: EntityManager, accountId: number, id: number): Promise<string> {
  const sql = 'select xmin::text as version from campaign where account_id = $1 and id = $2';
  const [row] = await rowsOf<{ version: string }>(manager, sql, [accountId, id]);
  return row!.version;
}

/** @throws ProblemError `control_not_allowed` by the one table of states and controls */
export function requireControl(control: Control, state: CampaignState): void {
  if (!CONTROL_STATES[control].includes(state))
    throw new ProblemError('control_not_allowed', { control, state });
}

/** The action of another rate for a campaign under way. */
export const RATE_CHANGED = 'rate';

/** The action of a scheduled start that came to nothing. */
export const NOT_STARTED = 'not_started';

export interface StateChange {
  action: string;
  by: string;
  from: CampaignState;
  to: CampaignState;
  pauseReason?: PauseReason | null;
  pauseDetail?: string | null;
  scheduledFor?: Date | null;
  /** Kept with the event. */
  obstacles?: Obstacle[];
}

/**
 * Changes the state and writes who did it. No process looks after the campaign afterwards: the first to look takes it
 * with what is true now.
 * @throws ProblemError where somebody else was faster
 */
export async function changeState(
  manager: EntityManager,
  accountId: number,
  id: number,
  change: StateChange,
): Promise<void> {
  if (change.to === 'running') await requireInstalled(manager, accountId);
  const changed = await changedRows(
    manager,
    `update campaign
        set state = $4::campaign_state, pause_reason = $5, pause_detail = $6, scheduled_for = $7,
            due_at = greatest(due_at, now()), owner = null
      where account_id = $1 and id = $2 and state = $3::campaign_state`,
    [
      accountId,
      id,
      change.from,
      change.to,
      // Only a paused campaign carries a reason; of any other change the event keeps it.
      change.to === 'paused' ? (change.pauseReason ?? null) : null,
      change.to === 'paused' ? (change.pauseDetail ?? null) : null,
      change.scheduledFor ?? null,
    ],
  );
  if (changed === 0)
    throw new ProblemError('control_not_allowed', { control: change.action, state: change.to });
  await writeEvent(manager, accountId, id, change);
}

/**
 * The app must be on in the account, and stay so until the transaction ends: switching it off waits for this lock and
 * then finds the campaign running and pauses it, or was first and is seen here.
 *
 * @throws ProblemError installation_inactive
 */
async function requireInstalled(manager: EntityManager, accountId: number): Promise<void> {
  const active = await rowsOf(
    manager,
    `select 1 from installation where account_id = $1 and state = 'active' for share`,
    [accountId],
  );
  if (active.length === 0) throw new ProblemError('installation_inactive');
}

export async function writeEvent(
  manager: EntityManager,
  accountId: number,
  id: number,
  event: {
    action: string;
    by: string;
    from: CampaignState | null;
    to: CampaignState;
    pauseReason?: string | null;
    obstacles?: Obstacle[];
  },
): Promise<void> {
  await manager.query(
    `insert into campaign_event (id, account_id, campaign_id, by_user, action, from_state, to_state, reason, detail, rate)
     values (gen_random_uuid(), $1, $2, $3, $4, $5, $6, $7, $8, (select rate from campaign where account_id = $1 and id = $2))`,
    [
      accountId,
      id,
      event.by,
      event.action,
      event.from,
      event.to,
      event.pauseReason ?? null,
      event.obstacles ? JSON.stringify(event.obstacles) : null,
    ],
  );
}

/** The app was disabled or uninstalled in an account: what runs there pauses until a person resumes it. */
export async function pauseAllOf(manager: EntityManager, installationId: string): Promise<void> {
  await manager.query(
    `with paused as (
       update campaign c set state = 'paused', pause_reason = 'installation_disabled', pause_detail = null
         from installation i
        where i.id = $1 and c.account_id = i.account_id and c.state = 'running'
       returning c.account_id, c.id, c.rate)
     insert into campaign_event (id, account_id, campaign_id, by_user, action, from_state, to_state, reason, rate)
     select gen_random_uuid(), account_id, id, 'system', 'pause', 'running', 'paused', 'installation_disabled', rate from paused`,
    [installationId],
  );
}
