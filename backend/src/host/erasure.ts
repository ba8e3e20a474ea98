import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { rowsOf } from '../database/rows.ts';
import { maskPhones } from '../error.filter.ts';
import { ERASING } from './erasing.ts';

const LOOK_MS = 10_000;
/** Rows in one transaction: more would keep other work of the database waiting, fewer would only take longer. */
const BATCH = 5000;

interface Open {
  account_id: number;
  /** As text: a Date would lose its microseconds, and with them the key. */
  uninstalled_at: string;
}

/** Erases what an account has left behind when the agreed time after its uninstall has passed, and keeps a receipt. */
@Injectable()
export class Erasure implements BeforeApplicationShutdown {
  private readonly logger = new Logger(Erasure.name);
  private working: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Pick<Config, 'eraseAfterDays'>,
  ) {}

  @Interval(LOOK_MS)
  wake(): void {
    if (this.stopped || this.working) return;
    this.working = this.drain().finally(() => (this.working = null));
  }

  private async drain(): Promise<void> {
    try {
      while (!this.stopped && (await this.runOnce()) > 0);
    } catch (error) {
      this.logger.warn(`erasure: ${maskPhones((error as Error).message)}`);
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  /** One batch of one account, in one transaction. @returns 0 when there is nothing to erase */
  async runOnce(): Promise<number> {
    await this.dataSource.manager.query(OPEN, [this.config.eraseAfterDays]);
    return this.dataSource.transaction(async (manager) => {
      const [open] = await rowsOf<Open>(manager, TAKE);
      if (!open || !(await this.isStillGone(manager, open.account_id))) return 0;
      for (const { kind, sql } of ERASING) {
        const [erased] = await rowsOf<{ count: number }>(manager, sql, [open.account_id, BATCH]);
        if (erased!.count === 0) continue;
        await manager.query(COUNT, [open.account_id, open.uninstalled_at, kind, erased!.count]);
        return erased!.count;
      }
      await this.finish(manager, open);
      return 1;
    });
  }

  /** An install locks the account's row too: it comes before a batch and is seen here, or waits until its end. */
  private async isStillGone(manager: EntityManager, accountId: number): Promise<boolean> {
    await manager.query('select 1 from account where id = $1 for no key update', [accountId]);
    const live = await rowsOf(
      manager,
      `select 1 from installation where account_id = $1 and state <> 'uninstalled'`,
      [accountId],
    );
    return live.length === 0;
  }

  private async finish(manager: EntityManager, open: Open): Promise<void> {
    const [receipt] = await rowsOf<{ counts: object }>(
      manager,
      `update erasure set finished_at = clock_timestamp() where account_id = $1 and uninstalled_at = $2 returning counts`,
      [open.account_id, open.uninstalled_at],
    );
    this.logger.warn(`account ${open.account_id} erased: ${JSON.stringify(receipt!.counts)}`);
  }
}

/**
 * A receipt for every account whose last installation ended long enough ago, or was to be erased at once. Not while a
 * message of it may still be on its way: its outcome would be written after the erasure.
 */
const OPEN = `
insert into erasure (account_id, uninstalled_at)
select i.account_id, max(i.updated_at)
  from installation i
 where not exists (select from dispatch_grant g
                    where g.account_id = i.account_id and g.owner is not null and g.lease_until > now())
 group by i.account_id
having bool_and(i.state = 'uninstalled')
   and ((array_agg(i.erase_at_once order by i.updated_at desc))[1]
        or max(i.updated_at) <= now() - make_interval(days => $1))
on conflict do nothing`;

/** Of an account that was installed anew half-way, the rest stays. One process at a time. */
const TAKE = `
select e.account_id, e.uninstalled_at::text as uninstalled_at
  from erasure e
 where e.finished_at is null
   and not exists (select from installation i where i.account_id = e.account_id and i.state <> 'uninstalled')
 order by e.started_at limit 1
   for update skip locked`;

const COUNT = `
update erasure set counts = jsonb_set(counts, array[$3::text], to_jsonb(coalesce((counts ->> $3::text)::bigint, 0) + $4::bigint))
 where account_id = $1 and uninstalled_at = $2`;
