import { Column, Entity, ForeignKey, PrimaryColumn } from 'typeorm';
import { AccountEntity } from '../host/account.entity.ts';

/** A phone of an account that must not be written to, with the evidence. */
@Entity('stop_list')
@ForeignKey(() => AccountEntity, ['accountId'], ['id'], { name: 'stop_list_account' })
export class StopListEntity {
  @PrimaryColumn({ type: 'integer', name: 'account_id' })
  accountId!: number;

  /** E.164 with its plus. */
  @PrimaryColumn({ type: 'text' })
  phone!: string;

  @Column({ type: 'text' })
  reason!: string;

  @Column({ type: 'text', nullable: true })
  evidence!: string | null;

  @Column({ type: 'text', name: 'added_by' })
  addedBy!: string;

  @Column({ type: 'timestamptz', name: 'added_at', default: () => 'now()' })
  addedAt!: Date;
}
