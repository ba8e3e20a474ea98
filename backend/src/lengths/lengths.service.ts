import { createHash } from 'node:crypto';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { LengthsRequest } from '../../../contract/campaign.ts';
import type { Lengths } from '../../../contract/lengths.ts';
import { readCampaign, type CampaignRow } from '../campaigns/campaign-state.ts';
import { ChannelsService } from '../channels/channels.service.ts';
import { rowsOf } from '../database/rows.ts';
import { maskPhones } from '../error.filter.ts';
import type { Caller } from '../host/caller.ts';
import { loadedLists, type ListRow } from '../lists/list-rows.ts';
import { countJob } from './count-job.ts';
import { LengthsWorker } from './lengths-worker.ts';
import { smsPlan, templatePlan, type MessagePlan } from './message-plan.ts';
import { estimate } from './sample.ts';
import type { RowsKey } from './sendable-rows.ts';
import { Tally } from './tally.ts';

/** Results kept, of at most about 15 KB each. Forgetting one costs a count. */
const KEPT = 200;
/** What a first answer waits for the exact figures, in ms: longer, and typing feels slow; less, and small files flicker. */
const GRACE_MS = 100;
/** What a caller who asked for exact figures waits, in ms: below the usual time limits of proxies. */
const WAIT_MS = 20_000;

interface Counting {
  id: string;
  abort: AbortController;
  /** Null when it failed or was replaced. */
  done: Promise<Lengths | null>;
}

/** How long messages get on the rows of the files: exact figures from a worker thread, an estimate until they are there. */
@Injectable()
export class LengthsService implements OnModuleDestroy {
  private readonly logger = new Logger(LengthsService.name);
  private readonly worker: LengthsWorker;
  private readonly known = new Map<string, Lengths>();
  /** At most one a campaign, by account and campaign. */
  private readonly counting = new Map<string, Counting>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly channels: ChannelsService,
  ) {
    this.worker = new LengthsWorker((dataSource.options as { url: string }).url);
  }

  async onModuleDestroy(): Promise<void> {
    for (const { abort } of this.counting.values()) abort.abort();
    await this.worker.close();
  }

  /**
   * For somebody who is writing: what was asked before for this campaign, by anybody, is given up.
   *
   * @throws ProblemError campaign_not_found; host_unavailable where a saved template has to be looked up
   */
  async measure(caller: Caller, id: number, request: LengthsRequest): Promise<Lengths> {
    const row = await readCampaign(this.dataSource.manager, caller.accountId, id);
    const plan = request.text !== undefined ? smsPlan(request.text) : await this.bound(row, request);
    const key = await this.rowsOf(row, request.removeDuplicates ?? row.remove_duplicates);
    return this.answer(key, plan, { replace: true, patience: request.wait ? WAIT_MS : GRACE_MS });
  }

  private async bound(row: CampaignRow, { bindings }: LengthsRequest): Promise<MessagePlan> {
    return bindings ? templatePlan(bindings) : this.savedPlan(row);
  }

  /** For somebody who only looks: takes what is known or under way, and does not disturb who is writing. */
  async look(key: RowsKey, plan: MessagePlan): Promise<Lengths> {
    return this.answer(key, plan, { replace: false, patience: GRACE_MS });
  }

  /** @param lists the loaded ones, where they have been read already */
  async rowsOf(row: CampaignRow, removeDuplicates: boolean, lists?: readonly ListRow[]): Promise<RowsKey> {
    const { manager } = this.dataSource;
    const [stopped] = await rowsOf<RowsKey['stopped']>(
      manager,
      'select count(*)::int as phones, max(added_at)::text as last from stop_list where account_id = $1',
      [row.account_id],
    );
    return {
      accountId: row.account_id,
      campaignId: row.id,
      lists: lists ?? (await loadedLists(manager, row.account_id, row.id)),
      removeDuplicates,
      stopped: stopped!,
    };
  }

  /** The message as it is saved; of a template only the variables that it still has. */
  async savedPlan(row: CampaignRow): Promise<MessagePlan> {
    if (row.method === 'sms') return smsPlan(row.text);
    if (row.channel_id === null || row.template_id === null) return templatePlan({});
    const template = await this.channels.template(row.account_id, row.channel_id, row.template_id);
    return templatePlan(row.bindings, template?.variables.map(({ key }) => key) ?? []);
  }

  private async answer(
    key: RowsKey,
    plan: MessagePlan,
    how: { replace: boolean; patience: number },
  ): Promise<Lengths> {
    if (key.lists.length === 0) return new Tally(plan).result();
    // All that the figures depend on: the rows of a list do not change while its counts are the same.
    const id = createHash('sha256')
      .update(JSON.stringify([key, plan]))
      .digest('base64');
    const known = this.known.get(id);
    if (known) return known;
    const counting = this.begin(key, plan, id, how.replace);
    const [sample, exact] = await Promise.all([
      estimate(this.dataSource.manager, key, plan),
      within(how.patience, counting),
    ]);
    return exact ?? sample;
  }

  private begin(key: RowsKey, plan: MessagePlan, id: string, replace: boolean): Promise<Lengths | null> {
    const campaign = `${key.accountId}:${key.campaignId}`;
    const before = this.counting.get(campaign);
    if (before?.id === id) return before.done;
    if (before && !replace) return Promise.resolve(null);
    before?.abort.abort();
    const abort = new AbortController();
    const counting: Counting = { id, abort, done: this.count(key, plan, id, abort.signal) };
    this.counting.set(campaign, counting);
    void counting.done.then(() => {
      if (this.counting.get(campaign) === counting) this.counting.delete(campaign);
    });
    return counting.done;
  }

  private async count(
    key: RowsKey,
    plan: MessagePlan,
    id: string,
    signal: AbortSignal,
  ): Promise<Lengths | null> {
    try {
      const lengths = await this.worker.count(countJob(key, plan), signal);
      if (this.known.size >= KEPT) this.known.delete(this.known.keys().next().value!);
      this.known.set(id, lengths);
      return lengths;
    } catch (error) {
      // Who asked has the estimate, and may ask again.
      if (!signal.aborted) this.logger.warn(`lengths: ${maskPhones((error as Error).message)}`);
      return null;
    }
  }
}

/** Null when it takes longer. */
async function within<T>(ms: number, work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, ms, null)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
