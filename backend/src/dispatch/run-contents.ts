import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { cellFinder, type CellOf, type RunContent } from './compose.ts';

interface Loaded {
  content: RunContent;
  /** Per list: how a row's cells are found by the names of its columns. */
  finders: Map<number, (cells: readonly string[]) => CellOf>;
}

export interface LoadedRun {
  content: RunContent;
  cellsOf(row: { listId: number; cells: readonly string[] }): CellOf;
}

interface RunKey {
  accountId: number;
  campaignId: number;
  run: number;
}

/** Runs kept in memory. Their content never changes, so the only cost of forgetting one is a query. */
const KEPT = 2000;

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
    const loaded = await this.run(accountId, campaignId, run);
    const finders = new Map<number, (cells: readonly string[]) => CellOf>();
    for (const listId of new Set(rows.map((row) => row.listId))) {
      finders.set(listId, await this.finder(accountId, campaignId, run, listId));
    }
    return { content: loaded.content, cellsOf: (row) => finders.get(row.listId)!(row.cells) };
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
    const key = `${accountId}:${campaignId}:${run}`;
    const known = this.loaded.get(key);
    if (known) return known;
    if (this.loaded.size >= KEPT) this.loaded.delete(this.loaded.keys().next().value!);
    const fresh = this.read(accountId, campaignId, run);
    this.loaded.set(key, fresh);
    fresh.catch(() => this.loaded.delete(key));
    return fresh;
  }

  private async read(accountId: number, campaignId: number, run: number): Promise<Loaded> {
    const [row] = await rowsOf<{ content: RunContent }>(
      this.dataSource.manager,
      'select content from run where account_id = $1 and campaign_id = $2 and run = $3',
      [accountId, campaignId, run],
    );
    if (!row) throw new Error(`run ${run} of campaign ${campaignId} is not there`);
    return { content: row.content, finders: new Map() };
  }
}
