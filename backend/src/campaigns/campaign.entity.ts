import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { CAMPAIGN_STATES, type CampaignState } from '../../../contract/campaign-states.ts';
import type { PauseReason } from '../../../contract/campaign.ts';
import { AccountEntity } from '../host/account.entity.ts';

/**
 * The state machine and the hot part of a campaign. Only two places write it: `campaign-state.ts` (controls)
 * and `dispatch/` (cursor and due time).
 */
@Entity('campaign')
@ForeignKey(() => AccountEntity, ['accountId'], ['id'], { name: 'campaign_account' })
@Index('campaign_running', ['accountId', 'id'], { where: `(state = 'running'::campaign_state)` })
@Index('campaign_channel', ['accountId', 'channelId'], { where: `(state = 'running'::campaign_state)` })
@Index('campaign_start', ['scheduledFor'], { where: `(state = 'scheduled'::campaign_state)` })
@Check('campaign_cursor', `((cursor >= 0) AND (cursor <= last_position))`)
@Check('campaign_rate', `((rate >= 1) AND (rate <= 300))`)
@Check(
  'campaign_hours',
  `((num_nulls(hours_from, hours_to, hours_zone) = ANY (ARRAY[0, 3])) AND (hours_from < hours_to))`,
)
@Check('campaign_part', `((part_end >= cursor) AND (part_end <= last_position))`)
@Check('campaign_handed_out', `(((cursor - parked) >= 0) AND ((cursor - parked) <= last_position))`)
@Check('campaign_scheduled', `((state = 'scheduled'::campaign_state) = (scheduled_for IS NOT NULL))`)
@Check('campaign_paused', `((state = 'paused'::campaign_state) = (pause_reason IS NOT NULL))`)
@Check(
  'campaign_started',
  `((state <> ALL (ARRAY['running'::campaign_state, 'paused'::campaign_state, 'completed'::campaign_state])) OR (run > 0))`,
)
export class CampaignEntity {
  @PrimaryColumn({ type: 'integer', name: 'account_id' })
  accountId!: number;

  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'enum', enum: CAMPAIGN_STATES, enumName: 'campaign_state', default: 'draft' })
  state!: CampaignState;

  @Column({ type: 'integer', default: 0 })
  run!: number;

  @Column({ type: 'integer', default: 0 })
  cursor!: number;

  @Column({ type: 'integer', name: 'last_position', default: 0 })
  lastPosition!: number;

  @Column({ type: 'integer' })
  rate!: number;

  /** The hours of the day in which it sends, on the clock of the zone; null: all. */
  @Column({ type: 'time', name: 'hours_from', nullable: true })
  hoursFrom!: string | null;

  @Column({ type: 'time', name: 'hours_to', nullable: true })
  hoursTo!: string | null;

  @Column({ type: 'text', name: 'hours_zone', nullable: true })
  hoursZone!: string | null;

  /** The recipients' clocks count, not the account's. */
  @Column({ type: 'boolean', name: 'hours_by_recipient', default: false })
  hoursByRecipient!: boolean;

  /** Where the part of the queue ends that is handed out (`dispatch/queue-parts.ts`); null: it is not in parts. */
  @Column({ type: 'integer', name: 'part_end', nullable: true })
  partEnd!: number | null;

  @Column({ type: 'integer', default: 0 })
  parked!: number;

  /** What the present run is sent through; null before the first. */
  @Column({ type: 'text', name: 'channel_id', nullable: true })
  channelId!: string | null;

  @Column({ type: 'timestamptz', name: 'due_at', default: () => 'now()' })
  dueAt!: Date;

  /** The process that sends it; null: any may take it over. */
  @Column({ type: 'uuid', nullable: true })
  owner!: string | null;

  @Column({ type: 'timestamptz', name: 'scheduled_for', nullable: true })
  scheduledFor!: Date | null;

  @Column({ type: 'text', name: 'pause_reason', nullable: true })
  pauseReason!: PauseReason | null;

  @Column({ type: 'text', name: 'pause_detail', nullable: true })
  pauseDetail!: string | null;
}
