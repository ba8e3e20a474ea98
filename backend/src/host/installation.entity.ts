import { Check, Column, Entity, ForeignKey, Index, PrimaryColumn } from 'typeorm';
import { AccountEntity } from './account.entity.ts';

export type InstallationState = 'active' | 'disabled' | 'uninstalled';

/** Our app installed in an account. The secrets are encrypted (`secrets.ts`) and are never returned. */
@Entity('installation')
@ForeignKey(() => AccountEntity, ['accountId'], ['id'], { name: 'installation_account' })
@Index('installation_id', ['id'], { unique: true })
@Index('installation_live', ['accountId'], { unique: true, where: `(state <> 'uninstalled'::text)` })
@Check('installation_state', `(state = ANY (ARRAY['active'::text, 'disabled'::text, 'uninstalled'::text]))`)
@Check(
  'installation_secrets',
  `((state = 'uninstalled'::text) OR ((access_token IS NOT NULL) AND (webhook_secret IS NOT NULL)))`,
)
export class InstallationEntity {
  @PrimaryColumn({ type: 'integer', name: 'account_id' })
  accountId!: number;

  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** Of the last lifecycle event taken; earlier ones are ignored. */
  @Column({ type: 'bigint' })
  sequence!: string;

  @Column({ type: 'text' })
  state!: InstallationState;

  @Column({ type: 'text', array: true })
  origins!: string[];

  @Column({ type: 'text', name: 'api_base_url' })
  apiBaseUrl!: string;

  /** Where an install code is exchanged for secrets. */
  @Column({ type: 'text', name: 'token_url' })
  tokenUrl!: string;

  @Column({ type: 'bytea', name: 'access_token', nullable: true })
  accessToken!: Buffer | null;

  @Column({ type: 'bytea', name: 'webhook_secret', nullable: true })
  webhookSecret!: Buffer | null;

  @Column({ type: 'bytea', name: 'session_key', nullable: true })
  sessionKey!: Buffer | null;

  /** Taken beside the current one until `previousUntil`, as is the previous session key. */
  @Column({ type: 'bytea', name: 'previous_webhook_secret', nullable: true })
  previousWebhookSecret!: Buffer | null;

  @Column({ type: 'bytea', name: 'previous_session_key', nullable: true })
  previousSessionKey!: Buffer | null;

  @Column({ type: 'timestamptz', name: 'previous_until', nullable: true })
  previousUntil!: Date | null;

  /** SHA-256 of the token that the calls of a host without signatures bear. */
  @Column({ type: 'bytea', name: 'call_token_hash', nullable: true })
  callTokenHash!: Buffer | null;

  /** Of an uninstalled one. */
  @Column({ type: 'boolean', name: 'erase_at_once', default: false })
  eraseAtOnce!: boolean;

  @Column({ type: 'timestamptz', name: 'updated_at', default: () => 'now()' })
  updatedAt!: Date;
}
