import { median } from './rounds.ts';

const MINUTE_MS = 60_000;
/** Gaps are counted in classes of so many ms, up to as many of them: percentiles of a million without keeping them. */
const CLASS_MS = 0.1;
const CLASSES = 100_000;

export interface Pace {
  /** Messages per minute, of all campaigns the middle and the slowest. */
  perMinute: number;
  slowestPerMinute: number;
  gapP50Ms: number;
  gapP99Ms: number;
  /** The most of one campaign in any window of a minute, from its first message on. */
  mostInMinute: number;
}

/** When each campaign's messages came, in ms of one clock; told in any order, by any number of processes. */
export class Arrivals {
  private readonly campaigns = new Map<number, { times: Float64Array; count: number }>();

  /** @param each how many a campaign has about */
  constructor(private readonly each: number) {}

  /** Campaigns of which something has arrived. */
  get begun(): number {
    return this.campaigns.size;
  }

  add(campaign: number, at: number): void {
    let of = this.campaigns.get(campaign);
    if (!of) this.campaigns.set(campaign, (of = { times: new Float64Array(this.each), count: 0 }));
    if (of.count === of.times.length) {
      const more = new Float64Array(of.count * 2);
      more.set(of.times);
      of.times = more;
    }
    of.times[of.count++] = at;
  }

  /** The rate and the gaps between these two moments, and the fullest minute of all. */
  pace(from: number, until: number): Pace {
    const gaps = new Uint32Array(CLASSES);
    let mostInMinute = 0;
    const rates: number[] = [];
    for (const campaign of this.campaigns.keys()) {
      const times = this.of(campaign);
      mostInMinute = Math.max(mostInMinute, mostWithin(times, MINUTE_MS));
      const [first, last] = [indexAt(times, from), indexAt(times, until)];
      rates.push(perMinute(times, first, last, from, until));
      for (let i = first + 1; i <= last; i++)
        gaps[Math.min(CLASSES - 1, Math.floor((times[i]! - times[i - 1]!) / CLASS_MS))]! += 1;
    }
    return {
      perMinute: median(rates),
      slowestPerMinute: Math.min(...rates),
      gapP50Ms: percentile(gaps, 0.5),
      gapP99Ms: percentile(gaps, 0.99),
      mostInMinute,
    };
  }

  /** Messages per minute of one campaign between these two moments. */
  rateOf(campaign: number, from: number, until: number): number {
    const times = this.of(campaign);
    return perMinute(times, indexAt(times, from), indexAt(times, until), from, until);
  }

  private of(campaign: number): Float64Array {
    const { times, count } = this.campaigns.get(campaign) ?? { times: new Float64Array(), count: 0 };
    // Several processes may have sent it, one after another, and told of it crosswise.
    return times.subarray(0, count).sort();
  }
}

/**
 * Whole gaps, so that nothing is lost or won at the edges: from the last message before the beginning to the last
 * before the end. A campaign that fell silent is measured to the end all the same.
 */
function perMinute(times: Float64Array, first: number, last: number, from: number, until: number): number {
  if (last < 0) return 0;
  const began = first < 0 ? from : times[first]!;
  const silent = until - times[last]! > 1000;
  return ((last - first) / ((silent ? until : times[last]!) - began)) * MINUTE_MS;
}

/** The place of the last that came no later than this; -1 where there is none. */
function indexAt(times: Float64Array, at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The most arrivals in any window of so many ms, wherever it begins. */
function mostWithin(times: Float64Array, ms: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function percentile(classes: Uint32Array, share: number): number {
  const total = classes.reduce((sum, count) => sum + count, 0);
  let sum = 0;
  return (classes.findIndex((count) => (sum += count) >= total * share) + 0.5) * CLASS_MS;
}
