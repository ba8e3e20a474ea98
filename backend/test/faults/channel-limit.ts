import { accountOf, completed, mostWithin, refOf, type Account, type Started } from './account.ts';
import { busyOne } from './replicas.ts';
import { pause, until } from './waiting.ts';
import { World } from './world.ts';

const PER_SECOND = 5;
const PER_MINUTE = PER_SECOND * 60;
/** Together three times what their channel allows. */
const RATES = [300, 300, 120, 120, 60] as const;
const SECONDS_A_ROUND = 3;
/** Long enough for whole windows behind the last kill. */
const SECONDS_AFTER = 75;

/**
 * Campaigns that share a channel with a limit, and kill -9 of one of the three processes that send them, again and again.
 * The channel itself lets everything through, so that its ledger tells what came above the limit.
 */
export async function channelLimit(
  rounds: number,
): Promise<Account & { overLimit: number; mostPerMinute: number }> {
  const world = await World.open({ holdLimits: false }, { count: 3 });
  try {
    await world.sandboxCall('PUT', '/channels', {
      tenant: 'romashka',
      id: 'sms-romashka-number',
      limits: { per_second: PER_SECOND },
    });
    const seconds = rounds * SECONDS_A_ROUND + SECONDS_AFTER;
    const campaigns: Started[] = [];
    for (const [at, rate] of RATES.entries()) {
      const messages = Math.ceil((seconds * PER_SECOND) / RATES.length);
      campaigns.push({ id: await world.campaign(at + 1, messages, rate), messages, rate });
    }
    for (const { id } of campaigns) await world.begin(id);
    await until('it sends', 30_000, async () => (await world.stats()).accepted > 0);
    for (let round = 0; round < rounds; round += 1) {
      await pause(Math.random() * 2000);
      const { victim } = await busyOne(world, () => true);
      await victim.program!.kill();
      await world.startReplica(victim);
    }
    await completed(world, campaigns, seconds * 3000);
    const times = (await Promise.all(campaigns.map(({ id }) => world.acceptedAt(refOf(id))))).flat();
    const mostPerMinute = mostWithin(
      times.sort((a, b) => a - b),
      60_000,
    );
    const overLimit = Math.max(0, mostPerMinute - PER_MINUTE);
    return { ...(await accountOf(world, campaigns, rounds)), overLimit, mostPerMinute };
  } finally {
    await world.close();
  }
}
