/** One process of those that `senders.ts` starts: the real dispatcher, with a provider that takes everything at once. */
import type { Config } from '../src/config.ts';
import { createDataSource } from '../src/database/data-source.ts';
import { FLUSH_MS } from '../src/dispatch/dispatch-clock.ts';
import { DispatchDatabase } from '../src/dispatch/dispatch-database.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import type { Gateway, GatewayAnswer, Leave, OutboundMessage } from '../src/dispatch/gateway.ts';
import { RunContents } from '../src/dispatch/run-contents.ts';
import { machineMs } from './machine-clock.ts';
import type { FromSender, ToSender } from './senders.ts';

/** As in production, see config.ts and dispatch-clock.ts. */
const TICK_MS = 50;
const HEAL_MS = 5000;
/** How often the parent is told what has arrived, in ms. */
const TELL_MS = 500;
/** More than arrive between two words to the parent; past it the parent is told at once. */
const AT_ONCE = 32_768;

/** Notes of each message its campaign and when it came. */
class ClockingGateway implements Gateway {
  readonly honoursKeys = true;
  private readonly campaigns = new Uint32Array(AT_ONCE);
  private readonly times = new Float64Array(AT_ONCE);
  private readonly numbers = new Map<string, number>();
  private count = 0;
  private nth = 0;

  send(message: OutboundMessage, leave: Leave): Promise<GatewayAnswer> {
    if (!leave()) return Promise.resolve({ kind: 'late' });
    if (this.count === AT_ONCE) this.tell();
    this.campaigns[this.count] = this.numberOf(message.campaignReference);
    this.times[this.count] = machineMs();
    this.count += 1;
    return Promise.resolve({ kind: 'accepted', providerId: `${process.pid}-${this.nth++}` });
  }

  tell(): void {
    const campaigns = this.campaigns.slice(0, this.count);
    tellParent({ kind: 'arrivals', campaigns, times: this.times.slice(0, this.count) });
    this.count = 0;
  }

  private numberOf(reference: string): number {
    const known = this.numbers.get(reference);
    if (known !== undefined) return known;
    const [account, campaign] = reference.split(':').map(Number);
    const number = account! * 65_536 + campaign!;
    this.numbers.set(reference, number);
    return number;
  }
}

function tellParent(word: FromSender): void {
  process.send!(word);
}

const gateway = new ClockingGateway();
const config = {
  requestTimeoutMs: 5000,
  channelConcurrency: 50,
  alikeRefusals: 10,
  dispatchTickMs: TICK_MS,
} as Config;
const dataSource = await createDataSource(process.argv[2]!, 10).initialize();
const database = new DispatchDatabase(dataSource);
const dispatcher = new Dispatcher(
  dataSource,
  database,
  new RunContents(dataSource),
  { host: gateway, chatwoot: gateway },
  config,
);
const clocks = [
  setInterval(() => void dispatcher.tick(), TICK_MS),
  setInterval(() => void dispatcher.flush(), FLUSH_MS.withKeys),
  setInterval(() => void dispatcher.heal(), HEAL_MS),
  setInterval(() => gateway.tell(), TELL_MS),
];

async function stop(): Promise<void> {
  clocks.forEach(clearInterval);
  await dispatcher.stop();
  gateway.tell();
  await database.close();
  await dataSource.destroy();
  process.disconnect();
}

process.on('message', (word: ToSender) => {
  const { user, system } = process.cpuUsage();
  if (word === 'stop') void stop();
  else tellParent({ kind: 'cpu', seconds: (user + system) / 1e6 });
});
// Its parent is gone, or has taken its leave: nothing is left to do.
process.on('disconnect', () => process.exit());
