import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Binding } from '../../../contract/campaign.ts';
import type { Method } from '../../../contract/channel.ts';
import type { RemovalRule } from '../../../contract/list.ts';
import { CampaignEntity } from './campaign.entity.ts';

/** What the card sets up. Kept apart from `campaign`, whose row every grant rewrites. */
@Entity('campaign_settings')
@ForeignKey(() => CampaignEntity, ['accountId', 'campaignId'], ['accountId', 'id'], {
  name: 'settings_campaign',
})
@Index('campaign_name', ['accountId', 'nameKey'], { unique: true, where: `(archived_at IS NULL)` })
@Check('settings_name', `((char_length(name) >= 1) AND (char_length(name) <= 100))`)
@Check('settings_method', `(method = ANY (ARRAY['waba'::text, 'sms'::text]))`)
@Check('settings_removal', `(on_file_removal = ANY (ARRAY['remove'::text, 'send'::text]))`)
export class CampaignSettingsEntity {
  @PrimaryColumn({ type: 'integer', name: 'account_id' })
  accountId!: number;

  @PrimaryColumn({ type: 'integer', name: 'campaign_id' })
  campaignId!: number;

  /** Goes up with every change; a change must name the version it was made on. */
  @Column({ type: 'integer', default: 1 })
  version!: number;

  @Column({ type: 'text' })
  name!: string;

  /** The name as it is compared: two that differ in case only are the same to a reader. */
  @Column({ type: 'text', name: 'name_key' })
  nameKey!: string;

  @Column({ type: 'text' })
  method!: Method;

  @Column({ type: 'text', name: 'channel_id', nullable: true })
  channelId!: string | null;

  @Column({ type: 'text', name: 'template_id', nullable: true })
  templateId!: string | null;

  @Column({ type: 'jsonb', default: {} })
  bindings!: Record<string, Binding>;

  @Column({ type: 'text', default: '' })
  text!: string;

  @Column({ type: 'boolean', name: 'remove_duplicates', default: true })
  removeDuplicates!: boolean;

  @Column({ type: 'boolean', name: 'additional_list', default: false })
  additionalList!: boolean;

  @Column({ type: 'text', name: 'on_file_removal', default: 'remove' })
  onFileRemoval!: RemovalRule;

  /** Clock time in the account's zone; null: start at once. */
  @Column({ type: 'text', name: 'start_at', nullable: true })
  startAt!: string | null;

  @Column({ type: 'integer', name: 'last_list_id', default: 0 })
  lastListId!: number;

  @Column({ type: 'text', name: 'created_by' })
  createdBy!: string;

  @Column({ type: 'timestamptz', name: 'created_at', default: () => 'now()' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;

  @Column({ type: 'timestamptz', name: 'archived_at', nullable: true })
  archivedAt!: Date | null;
}
