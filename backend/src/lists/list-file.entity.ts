import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { ListEntity } from './list.entity.ts';

/**
 * An uploaded file as it came, so that it can be read in another way. Kept for as long as its list is loaded: it goes
 * with the list's row, and a trigger takes it away when the list is marked as removed.
 */
@Entity('list_file')
@ForeignKey(() => ListEntity, ['accountId', 'campaignId', 'listId'], ['accountId', 'campaignId', 'id'], {
  name: 'list_file_list',
  onDelete: 'CASCADE',
  deferrable: 'INITIALLY DEFERRED',
})
export class ListFileEntity {
  @PrimaryColumn({ type: 'integer', name: 'account_id' })
  accountId!: number;

  @PrimaryColumn({ type: 'integer', name: 'campaign_id' })
  campaignId!: number;

  @PrimaryColumn({ type: 'integer', name: 'list_id' })
  listId!: number;

  /** Below 10 MB, not compressed. */
  @Column({ type: 'bytea' })
  bytes!: Buffer;
}
