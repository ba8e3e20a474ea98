/**
 * The second wall between accounts, behind the scope of every query: PostgreSQL's row-level security. While a request of
 * an account is answered, its connections act as a role that sees and changes rows of that account alone; a query that
 * forgot its scope finds nothing else. What works for all accounts (the dispatcher, the healing, webhooks, lifecycle)
 * acts as the owner of the tables, for whom the wall is not there.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';
import type { EntityManager } from 'typeorm';

/** The role of requests. It owns nothing and cannot log in; the role of DATABASE_URL takes it on. */
export const REQUEST_ROLE = 'mass_messaging_request';
/** The setting in which the policies find the account. */
export const ACCOUNT_SETTING = 'mass_messaging.account';

const account = new AsyncLocalStorage<number>();

/** Whatever `work` asks of the pools is about this account alone, also what it leaves to go on after it. */
export function behindWall<T>(accountId: number, work: () => T): T {
  return account.run(accountId, work);
}

/** For what serves all accounts but is set going by a request of one: a timer that all share, say. */
export function beforeWall<T>(work: () => T): T {
  return account.exit(work);
}

/**
 * For `copy … from stdin` into a table behind the wall, which PostgreSQL refuses to the role of requests: for the rest of
 * the transaction, or until `backBehindWall`, its statements are the owner's. They must name the account themselves.
 */
export async function throughWall(manager: Pick<EntityManager, 'query'>): Promise<void> {
  await manager.query(`select set_config('role', 'none', true)`);
}

export async function backBehindWall(manager: Pick<EntityManager, 'query'>): Promise<void> {
  if (account.getStore() !== undefined) {
    await manager.query(`select set_config('role', '${REQUEST_ROLE}', true)`);
  }
}

type Taken = (error: Error | undefined, client?: pg.PoolClient, release?: pg.PoolClient['release']) => void;

/** A pool whose connections stand where the caller stands: behind the wall of its account, or before it. */
export class WalledPool extends pg.Pool {
  /** Where each connection stands; one that is not here stands before the wall, as every new one does. */
  private readonly standing = new WeakMap<pg.PoolClient, number>();

  override connect(): Promise<pg.PoolClient>;
  override connect(taken: Taken): void;
  override connect(taken?: Taken): Promise<pg.PoolClient> | void {
    if (!taken) return this.take();
    this.take().then(
      (client) => taken(undefined, client, client.release),
      (error: Error) => taken(error),
    );
  }

  private async take(): Promise<pg.PoolClient> {
    const client = await super.connect();
    const wanted = account.getStore();
    if (this.standing.get(client) === wanted) return client;
    try {
      await client.query(
        `select set_config('role', $1, false), set_config('${ACCOUNT_SETTING}', $2, false)`,
        [wanted === undefined ? 'none' : REQUEST_ROLE, wanted === undefined ? '' : String(wanted)],
      );
    } catch (error) {
      // Nobody may work on a connection of which it is not known where it stands.
      client.release(error as Error);
      throw error;
    }
    if (wanted === undefined) this.standing.delete(client);
    else this.standing.set(client, wanted);
    return client;
  }
}

/** For TypeORM, which makes its pools from the driver that it is given. */
export const walledDriver: typeof pg = Object.create(pg, { Pool: { value: WalledPool } }) as typeof pg;
