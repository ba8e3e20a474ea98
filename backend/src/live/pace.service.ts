import { performance } from 'node:perf_hooks';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import type { Pace } from '../../../contract/live.ts';
import { readCampaign } from '../campaigns/campaign-state.ts';
import { LongWork } from '../database/long-work.ts';
import { ProblemError } from '../errors.ts';
import { nameOf } from './marks.ts';
import { readPace } from './pace.ts';

/** A chart is not looked at more closely. In ms. */
const LEAST_MS = 3000;
/** The rows are counted again after so many times what it took: a twentieth of a processor for a campaign. */
const REST = 20;
/** Charts kept; forgetting one costs a count. */
const KEPT = 200;

interface Kept {
  /** What it was counted for: another run or state is counted at once. */
  of: string;
  pace: Promise<Pace | null>;
  /** By the monotonic clock; Infinity while it is being counted. */
  goodUntil: number;
}

/** Charts of runs, each counted once for all who look at it. */
@Injectable()
export class PaceService {
  private readonly kept = new Map<string, Kept>();

  constructor(
    private readonly dataSource: DataSource,
    private readonly longWork: LongWork,
  ) {}

  /** @throws ProblemError `campaign_not_found`, `not_found` before the first run, `busy` */
  async of(accountId: number, campaignId: number): Promise<Pace> {
    const { run, state, rate } = await readCampaign(this.dataSource.manager, accountId, campaignId);
    const name = nameOf({ accountId, campaignId });
    const of = `${run} ${state} ${rate}`;
    const known = this.kept.get(name);
    const good = known?.of === of && performance.now() < known.goodUntil;
    const pace = await (good ? known : this.count(name, of, accountId, campaignId, run)).pace;
    if (pace === null) throw new ProblemError('not_found');
    return pace;
  }

  private count(name: string, of: string, accountId: number, campaignId: number, run: number): Kept {
    const kept: Kept = { of, goodUntil: Infinity, pace: Promise.resolve(null) };
    kept.pace = this.longWork
      .transaction(async (manager) => {
        const began = performance.now();
        const pace = await readPace(manager, accountId, campaignId, run);
        const ended = performance.now();
        kept.goodUntil = ended + Math.max(LEAST_MS, (ended - began) * REST);
        return pace;
      })
      .catch((error: unknown) => {
        if (this.kept.get(name) === kept) this.kept.delete(name);
        throw error;
      });
    this.kept.delete(name);
    this.kept.set(name, kept);
    if (this.kept.size > KEPT) this.kept.delete(this.kept.keys().next().value!);
    return kept;
  }
}
