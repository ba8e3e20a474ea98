import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { cellFinder, type CellOf } from '../../../contract/cells.ts';
import { composerOf, type Composed, type Composer, type RunContent } from './compose.ts';

interface Loaded {
  content: RunContent;
  composer: Composer;
  /** Per list: how a row's cells are found by the names of its columns. */
  finders: Map<number, (cells: readonly string[]) => CellOf>;
}

export interface LoadedRun {
  content: RunContent;
  compose(row: { listId: number; cells: readonly string[] }): Composed;
}

interface RunKey {
  accountId: number;
  campaignId: number;
  run: number;
}

/**
 * Runs kept in memory, some kilobytes each. Their content never changes, so the only cost of forgetting one is a query;
 * but with more campaigns than this in a process every grant would need one.
 */
const KEPT = 20_000;

/** What runs send and the columns of their lists, read once and kept: both are immutable. */
@Injectable()
export class RunContents {
  private readonly loaded = new Map<string, Promise<Loaded>>();

  constructor(private readonly dataSource: DataSource) {}

  async content(accountId: number, campaignId: number, run: number): Promise<RunContent> {
    return (await this.run(accountId, campaignId, run)).content;
  }

  /** All that is needed to compose the messages of these rows, without waiting for anything more. */
  async load(key: RunKey, rows: readonly { listId: number }[]): Promise<LoadedRun> {
    const { accountId, campaignId, run } = key;
    const { content, composer } = await this.run(accountId, campaignId, run);
    const finders = new Map<number, (cells: readonly string[]) => CellOf>();
    for (const listId of new Set(rows.map((row) => row.listId))) {
      finders.set(listId, await this.finder(accountId, campaignId, run, listId));
    }
    return { content, compose: (row) => composer(finders.get(row.listId)!(row.cells)) };
  }

  /** Reads in one query what is missing for these: one by one a process that begins with thousands would be late. */
  async readAhead(runs: readonly RunKey[]): Promise<void> {
    const missing = runs.filter((key) => !this.loaded.has(nameOf(key)));
    if (missing.length === 0) return;
    const rows = await rowsOf<{ nth: number; content: RunContent; columns: Record<string, string[]> }>(
      this.dataSource.manager,
      `select wanted.nth::int - 1 as nth, r.content,
              (select coalesce(jsonb_object_agg(l.id, to_jsonb(l.columns)), '{}') from list l
                where l.account_id = r.account_id and l.campaign_id = r.campaign_id) as columns
         from unnest($1::int[], $2::int[], $3::int[]) with ordinality as wanted (account_id, campaign_id, run, nth)
         join run r on r.account_id = wanted.account_id and r.campaign_id = wanted.campaign_id and r.run = wanted.run`,
      [
        missing.map((key) => key.accountId),
        missing.map((key) => key.campaignId),
        missing.map((key) => key.run),
      ],
    );
    for (const { nth, content, columns } of rows) {
      const finders = new Map(Object.entries(columns).map(([id, names]) => [Number(id), cellFinder(names)]));
      this.keep(nameOf(missing[nth]!), Promise.resolve({ content, composer: composerOf(content), finders }));
    }
  }

  async finder(accountId: number, campaignId: number, run: number, listId: number) {
    const loaded = await this.run(accountId, campaignId, run);
    let finder = loaded.finders.get(listId);
    if (!finder) {
      const [list] = await rowsOf<{ columns: string[] }>(
        this.dataSource.manager,
        'select columns from list where account_id = $1 and campaign_id = $2 and id = $3',
        [accountId, campaignId, listId],
      );
      finder = cellFinder(list?.columns ?? []);
      loaded.finders.set(listId, finder);
    }
    return finder;
  }

  private run(accountId: number, campaignId: number, run: number): Promise<Loaded> {
    const key = nameOf({ accountId, campaignId, run });
    const known = this.loaded.get(key);
    if (known) return known;
    const fresh = this.read(accountId, campaignId, run);
    this.keep(key, fresh);
    fresh.catch(() => this.loaded.delete(key));
    return fresh;
  }

  private keep(key: string, loaded: Promise<Loaded>): void {
    if (this.loaded.size >= KEPT) this.loaded.delete(this.loaded.keys().next().value!);
    this.loaded.set(key, loaded);
  }

  private async read(accountId: number, campaignId: number, run: number): Promise<Loaded> {
    const [row] = await rowsOf<{ content: RunContent }>(
      this.dataSource.manager,
      'select content from run where account_id = $1 and campaign_id = $2 and run = $3',
      [accountId, campaignId, run],
    );
    if (!row) throw new Error(`run ${run} of campaign ${campaignId} is not there`);
    return { content: row.content, composer: composerOf(row.content), finders: new Map() };
  }
}

function nameOf({ accountId, campaignId, run }: RunKey): string {
  return `${accountId}:${campaignId}:${run}`;
}
