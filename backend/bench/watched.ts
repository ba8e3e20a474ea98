import { seconds } from './rounds.ts';

export interface Watched<T> {
  value: T;
  seconds: number;
  /** The longest time the main thread did nothing else. */
  stallMs: number;
  /** Of the process's memory, its threads included, at its peak. */
  growthMb: number;
}

/** Looks every five milliseconds, and so sees a stall to within as much. */
const LOOK_MS = 5;

/** Runs work in this process and watches its event loop and its memory meanwhile. */
export async function watched<T>(work: () => Promise<T>): Promise<Watched<T>> {
  const before = process.memoryUsage.rss();
  let peak = before;
  let stallMs = 0;
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    stallMs = Math.max(stallMs, now - last - LOOK_MS);
    last = now;
    peak = Math.max(peak, process.memoryUsage.rss());
  };
  const clock = setInterval(look, LOOK_MS);
  let value: T | undefined;
  const time = await seconds(async () => (value = await work()));
  look();
  clearInterval(clock);
  return { value: value as T, seconds: time, stallMs, growthMb: (peak - before) / 1e6 };
}
