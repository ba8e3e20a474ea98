import type { MigrationInterface, QueryRunner } from 'typeorm';

/** New secrets of an installation, while the old ones still hold; and where they are fetched, as it was told. */
export class SecretRotation1764000900000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table installation
        -- where install codes are exchanged for secrets
        add column token_url text,
        -- taken beside the new ones until previous_until
        add column previous_webhook_secret bytea,
        add column previous_session_key bytea,
        add column previous_until timestamptz;
      -- Of installations from before the column: the place the contract recommends.
      update installation set token_url = api_base_url || '/oauth/token';
      alter table installation alter column token_url set not null;
    `);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
      alter table installation
        drop column token_url, drop column previous_webhook_secret, drop column previous_session_key, drop column previous_until;
    `);
  }
}
