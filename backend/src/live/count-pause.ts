/** At most one count a second of a campaign, whoever listens. In ms. */
const LEAST_MS = 1000;

/**
 * A count reads every row of the run, so a long one waits in proportion: numbers that move cost a campaign at most
 * a tenth of a processor, numbers at rest a fiftieth. A count of 600,000 rows takes 0.2–0.4 s: they are new every
 * two to four seconds.
 */
const SHARE = { moving: 10, atRest: 50 };

/**
 * How long to wait before a campaign's rows are counted again.
 * @param tookMs what the last count took
 * @param moved whether it found other numbers than the one before
 * @returns ms
 */
export function countPause(tookMs: number, moved: boolean): number {
  return Math.max(LEAST_MS, tookMs * (moved ? SHARE.moving : SHARE.atRest));
}
