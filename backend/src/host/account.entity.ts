import { Column, CreateDateColumn, Entity, PrimaryGeneratedColumn, Unique } from 'typeorm';

/** One tenant of a host platform. */
@Entity('account')
@Unique('account_external', ['host', 'externalId'])
export class AccountEntity {
  @PrimaryGeneratedColumn('identity', { type: 'integer', generatedIdentity: 'ALWAYS' })
  id!: number;

  /** The host's issuer. */
  @Column({ type: 'text' })
  host!: string;

  @Column({ type: 'text', name: 'external_id' })
  externalId!: string;

  @Column({ type: 'text' })
  name!: string;

  @Column({ type: 'text', name: 'time_zone' })
  timeZone!: string;

  /** Campaigns are numbered within their account, so that no sequence spans accounts. */
  @Column({ type: 'integer', name: 'last_campaign_id', default: 0 })
  lastCampaignId!: number;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;
}
