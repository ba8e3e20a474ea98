import { performance } from 'node:perf_hooks';
import type { DataSource } from 'typeorm';
import type { Config } from '../src/config.ts';
import { DispatchDatabase } from '../src/dispatch/dispatch-database.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import type { Gateway, GatewayAnswer, Leave, OutboundMessage } from '../src/dispatch/gateway.ts';
import { RunContents } from '../src/dispatch/run-contents.ts';
import { median } from './rounds.ts';

/** As in production, see config.ts and dispatch-clock.ts. */
const TICK_MS = 50;
const FLUSH_MS = 100;

/** Takes everything and notes when, by campaign, in ms. */
class ClockingGateway implements Gateway {
  readonly honoursKeys = true;
  readonly arrivals = new Map<string, number[]>();
  private nth = 0;

  send(message: OutboundMessage, leave: Leave): Promise<GatewayAnswer> {
    if (!leave()) return Promise.resolve({ kind: 'late' });
    const times = this.arrivals.get(message.campaignReference);
    if (times) times.push(performance.now());
    else this.arrivals.set(message.campaignReference, [performance.now()]);
    return Promise.resolve({ kind: 'accepted', providerId: `p${this.nth++}` });
  }
}

export interface Pace {
  /** Per campaign and minute, of all campaigns the middle and the slowest. */
  perMinute: number;
  slowestPerMinute: number;
  gapMs: number;
  /** The most of one campaign in any window of a minute. */
  mostInMinute: number;
  /** The longest in which nothing left at all: a stall of the machine or of the database. */
  longestPauseMs: number;
  cpuShare: number;
}

/** The real dispatcher on a full queue for so many seconds, with a provider that answers at once. */
export async function runPaced(dataSource: DataSource, forSeconds: number): Promise<Pace> {
  const gateway = new ClockingGateway();
  const config = {
    requestTimeoutMs: 5000,
    channelConcurrency: 50,
    alikeRefusals: 10,
    dispatchTickMs: TICK_MS,
  } as Config;
  const database = new DispatchDatabase(dataSource);
  const dispatcher = new Dispatcher(dataSource, database, new RunContents(dataSource), gateway, config);
  const cpu = process.cpuUsage();
  const clocks = [
    setInterval(() => void dispatcher.tick(), TICK_MS),
    setInterval(() => void dispatcher.flush(), FLUSH_MS),
  ];
  await new Promise((done) => setTimeout(done, forSeconds * 1000));
  for (const clock of clocks) clearInterval(clock);
  const { user, system } = process.cpuUsage(cpu);
  await dispatcher.stop();
  await database.close();
  const campaigns = [...gateway.arrivals.values()];
  const rates = campaigns.map((times) => ((times.length - 1) / (times.at(-1)! - times[0]!)) * 60_000);
  return {
    perMinute: median(rates),
    slowestPerMinute: Math.min(...rates),
    gapMs: median(campaigns.flatMap(gaps)),
    mostInMinute: Math.max(...campaigns.map((times) => mostWithin(times, 60_000))),
    longestPauseMs: Math.max(...gaps(campaigns.flat().sort((a, b) => a - b))),
    cpuShare: (user + system) / 1e6 / forSeconds,
  };
}

function gaps(times: readonly number[]): number[] {
  return times.slice(1).map((time, i) => time - times[i]!);
}

/** The most arrivals in any window of so many ms, wherever it begins. */
function mostWithin(times: readonly number[], ms: number): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[last]! - times[first]! >= ms) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}
