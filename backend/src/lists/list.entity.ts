import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import type { Method } from '../../../contract/channel.ts';
import type { ListSlot, ListSummary, RefusedRow } from '../../../contract/list.ts';
import { CampaignEntity } from '../campaigns/campaign.entity.ts';

/** An uploaded file and the result of reading it. Its rows are in `contact`. */
@Entity('list')
@ForeignKey(() => CampaignEntity, ['accountId', 'campaignId'], ['accountId', 'id'], { name: 'list_campaign' })
@Index('list_loaded', ['accountId', 'campaignId', 'slot'], { unique: true, where: `(removed_at IS NULL)` })
@Check('list_slot', `(slot = ANY (ARRAY['main'::text, 'additional'::text]))`)
@Check('list_method', `(method = ANY (ARRAY['waba'::text, 'sms'::text]))`)
@Check('list_rows', `(rows = ((contacts + duplicates) + refused))`)
export class ListEntity {
  @PrimaryColumn({ type: 'integer', name: 'account_id' })
  accountId!: number;

  @PrimaryColumn({ type: 'integer', name: 'campaign_id' })
  campaignId!: number;

  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'text' })
  slot!: ListSlot;

  /** The method it was read for: a landline is taken for WABA and refused for SMS. */
  @Column({ type: 'text' })
  method!: Method;

  @Column({ type: 'text', name: 'file_name' })
  fileName!: string;

  @Column({ type: 'integer' })
  bytes!: number;

  @Column({ type: 'text' })
  encoding!: ListSummary['encoding'];

  @Column({ type: 'text' })
  separator!: ListSummary['separator'];

  /** Whether the first row names the columns. */
  @Column({ type: 'boolean', default: true })
  header!: boolean;

  @Column({ type: 'text', array: true })
  columns!: string[];

  /** One for each column: rows whose cell is empty. */
  @Column({ type: 'integer', array: true, name: 'empty_cells', default: [] })
  emptyCells!: number[];

  @Column({ type: 'integer', name: 'phone_column' })
  phoneColumn!: number;

  @Column({ type: 'integer' })
  rows!: number;

  @Column({ type: 'integer' })
  contacts!: number;

  @Column({ type: 'integer' })
  duplicates!: number;

  @Column({ type: 'integer', name: 'duplicates_of_other', default: 0 })
  duplicatesOfOther!: number;

  @Column({ type: 'integer' })
  refused!: number;

  /** Rows that correction files have put right. */
  @Column({ type: 'integer', default: 0 })
  corrected!: number;

  @Column({ type: 'jsonb', name: 'refused_by' })
  refusedBy!: ListSummary['refusedBy'];

  @Column({ type: 'jsonb', name: 'repaired_by', default: {} })
  repairedBy!: ListSummary['repairedBy'];

  @Column({ type: 'jsonb', name: 'refused_rows' })
  refusedRows!: RefusedRow[];

  @Column({ type: 'text', name: 'uploaded_by' })
  uploadedBy!: string;

  @Column({ type: 'timestamptz', name: 'uploaded_at', default: () => 'now()' })
  uploadedAt!: Date;

  @Column({ type: 'timestamptz', name: 'removed_at', nullable: true })
  removedAt!: Date | null;
}
