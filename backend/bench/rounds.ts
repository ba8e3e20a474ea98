import { performance } from 'node:perf_hooks';

/** The machine is shared and its speed drifts: rivals take turns, and the middle of the rounds counts. */
export const ROUNDS = 3;

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

/** @returns how long it took, in seconds */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}
