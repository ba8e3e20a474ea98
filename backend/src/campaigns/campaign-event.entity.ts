import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { CAMPAIGN_STATES, type CampaignState } from '../../../contract/campaign-states.ts';
import type { Obstacle } from '../../../contract/campaign.ts';
import { CampaignEntity } from './campaign.entity.ts';

/** Who did what to a campaign, and when. */
@Entity('campaign_event')
@ForeignKey(() => CampaignEntity, ['accountId', 'campaignId'], ['accountId', 'id'], {
  name: 'event_campaign',
})
export class CampaignEventEntity {
  @PrimaryColumn({ type: 'integer', name: 'account_id' })
  accountId!: number;

  @PrimaryColumn({ type: 'integer', name: 'campaign_id' })
  campaignId!: number;

  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @Column({ type: 'timestamptz', default: () => 'clock_timestamp()' })
  at!: Date;

  /** The host's user id, or `system`. */
  @Column({ type: 'text', name: 'by_user' })
  byUser!: string;

  @Column({ type: 'text' })
  action!: string;

  @Column({
    type: 'enum',
    enum: CAMPAIGN_STATES,
    enumName: 'campaign_state',
    name: 'from_state',
    nullable: true,
  })
  fromState!: CampaignState | null;

  @Column({ type: 'enum', enum: CAMPAIGN_STATES, enumName: 'campaign_state', name: 'to_state' })
  toState!: CampaignState;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  /** Messages a minute that held after it; null for events older than this column. */
  @Column({ type: 'integer', nullable: true })
  rate!: number | null;

  /** What stood in the way of a scheduled start: `Obstacle[]`. */
  @Column({ type: 'jsonb', nullable: true })
  detail!: Obstacle[] | null;
}
