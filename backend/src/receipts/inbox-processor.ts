import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource, type EntityManager } from 'typeorm';
import * as v from 'valibot';
import { rowsOf } from '../database/rows.ts';
import { maskPhones } from '../error.filter.ts';
import { ChatOpener } from './chat-opener.ts';
import { applyReceipts, ReceiptSchema, type StoredReceipt } from './apply-receipts.ts';
import { RepliesService, ReplySchema } from './replies.service.ts';

const BATCH = 500;
const LOOK_MS = 500;
/** A receipt or a reply may come before the answer that carries its message's id: then later, this often in all. */
const MAX_TRIES = 10;
/** The pause doubles with each try: 1 s, 2 s, … about a quarter of an hour in all. The exponent is bounded for good. */
const LATER = 'now() + make_interval(secs => least(600, power(2, least(i.tries, 20))))';

interface InboxRow {
  account_id: number;
  id: string;
  body: { type?: unknown; data?: unknown };
  tries: number;
}

/** Works off the webhooks stored in `inbox`, in batches; any number of processes may share the work. */
@Injectable()
export class InboxProcessor implements BeforeApplicationShutdown {
  private readonly logger = new Logger(InboxProcessor.name);
  private working: Promise<void> | null = null;
  private stopped = false;

  constructor(
    private readonly dataSource: DataSource,
    private readonly replies: RepliesService,
    private readonly chats: ChatOpener,
  ) {}

  /** Something has come in: work it off now, unless that is going on already. */
  @Interval(LOOK_MS)
  wake(): void {
    if (this.stopped || this.working) return;
    this.working = this.drain().finally(() => (this.working = null));
  }

  private async drain(): Promise<void> {
    try {
      let taken = 0;
      for (let more = 1; more > 0 && !this.stopped; taken += more) more = await this.runOnce();
      if (taken > 0) this.chats.wake();
    } catch (error) {
      this.logger.warn(`inbox: ${maskPhones((error as Error).message)}`);
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    await this.working;
  }

  /** @returns how many webhooks were looked at */
  async runOnce(): Promise<number> {
    try {
      return await this.workOff(BATCH);
    } catch (error) {
      // One of them may be what PostgreSQL refuses: alone, it can be set aside without holding up the others.
      this.logger.warn(`inbox: one by one after ${maskPhones((error as Error).message)}`);
      return this.workOff(1).catch(() => this.setAside());
    }
  }

  /** The first in line cannot be worked off: it waits longer each time, and after the last try it is left. */
  private async setAside(): Promise<number> {
    await this.dataSource.manager.query(
      `update inbox i set tries = i.tries + 1, next_try_at = ${LATER},
              processed_at = case when i.tries + 1 >= ${MAX_TRIES} then now() end
        where (account_id, id) in (
              select account_id, id from inbox where processed_at is null and next_try_at <= now()
               order by next_try_at, id limit 1 for update skip locked)`,
    );
    return 1;
  }

  /** Kept as long as a host may repeat them, for telling repeats apart. */
  @Interval(3_600_000)
  async forget(): Promise<void> {
    await this.dataSource.manager
      .query(`delete from inbox where processed_at < now() - interval '7 days'`)
      .catch((error: unknown) => this.logger.warn(`inbox: ${maskPhones(String(error))}`));
  }

  private workOff(limit: number): Promise<number> {
    return this.dataSource.transaction(async (manager) => {
      const rows = await rowsOf<InboxRow>(
        manager,
        `select account_id, id, body, tries from inbox
          where processed_at is null and next_try_at <= now()
          order by next_try_at, id limit $1 for update skip locked`,
        [limit],
      );
      if (rows.length === 0) return 0;
      const unmatched = await this.apply(manager, rows);
      await finish(manager, rows, unmatched);
      const left = rows.filter((row) => unmatched.has(keyOf(row)) && row.tries + 1 >= MAX_TRIES).length;
      if (left > 0) this.logger.warn(`inbox: ${left} webhooks belong to no message of ours and are left`);
      return rows.length;
    });
  }

  /** @returns those whose message is not known yet */
  private async apply(manager: EntityManager, rows: InboxRow[]): Promise<Set<string>> {
    const receipts: StoredReceipt[] = [];
    const unmatched = new Set<string>();
    for (const row of rows) {
      const receipt = v.safeParse(ReceiptSchema, row.body);
      if (receipt.success) {
        receipts.push({ key: keyOf(row), accountId: row.account_id, ...receipt.output.data });
        continue;
      }
      const reply = v.safeParse(ReplySchema, row.body);
      if (reply.success && !(await this.replies.take(manager, row.account_id, reply.output.data))) {
        unmatched.add(keyOf(row));
      }
    }
    for (const key of await applyReceipts(manager, receipts)) unmatched.add(key);
    return unmatched;
  }
}

function keyOf(row: { account_id: number; id: string }): string {
  return `${row.account_id}:${row.id}`;
}

async function finish(manager: EntityManager, rows: InboxRow[], unmatched: Set<string>): Promise<void> {
  const again = (row: InboxRow) => unmatched.has(keyOf(row)) && row.tries + 1 < MAX_TRIES;
  await manager.query(
    `update inbox i
        set tries = i.tries + 1, processed_at = case when x.again then null else now() end,
            next_try_at = ${LATER}
       from unnest($1::int[], $2::text[], $3::bool[]) as x (account_id, id, again)
      where i.account_id = x.account_id and i.id = x.id`,
    [rows.map((row) => row.account_id), rows.map((row) => row.id), rows.map(again)],
  );
}
