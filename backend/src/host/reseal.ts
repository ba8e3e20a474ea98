/** Puts every stored secret under the first key of SECRETS_KEY, so that the others can be taken out of it. */
import type { DataSource } from 'typeorm';
import { changedRows, rowsOf } from '../database/rows.ts';
import { isSealedWithFirst, open, seal, type SecretsKeys } from './secrets.ts';

/** Where secrets are: a table keyed by account and `owner`, to which they are bound. */
export const SEALED = [
  {
    table: 'installation',
    owner: 'id',
    columns: [
      'access_token',
      'webhook_secret',
      'session_key',
      'previous_webhook_secret',
      'previous_session_key',
    ],
  },
  { table: 'chatwoot_connection', owner: 'id', columns: ['access_token', 'webhook_secret'] },
] as const;

export interface Resealed {
  /** Now under the first key. */
  resealed: number;
  /** Were so before. */
  left: number;
  /** Opened by none of the keys: the host has to send new ones. */
  lost: { table: string; owner: string; column: string }[];
}

/** May run beside the app, and again after it was cut off. */
export async function reseal(dataSource: DataSource, keys: SecretsKeys): Promise<Resealed> {
  const result: Resealed = { resealed: 0, left: 0, lost: [] };
  for (const { table, owner, columns } of SEALED) {
    for (const column of columns) {
      const rows = await rowsOf<{ account_id: number; owner: string; sealed: Buffer }>(
        dataSource.manager,
        `select account_id, ${owner} as owner, ${column} as sealed from ${table} where ${column} is not null`,
      );
      for (const row of rows) {
        if (isSealedWithFirst(row.sealed, keys)) {
          result.left += 1;
          continue;
        }
        let fresh: Buffer;
        try {
          fresh = seal(open(row.sealed, keys, row.owner), keys, row.owner);
        } catch {
          result.lost.push({ table, owner: row.owner, column });
          continue;
        }
        // Unless the host has given a new secret meanwhile.
        result.resealed += await changedRows(
          dataSource.manager,
          `update ${table} set ${column} = $3 where account_id = $1 and ${owner} = $2 and ${column} = $4`,
          [row.account_id, row.owner, fresh, row.sealed],
        );
      }
    }
  }
  return result;
}
