import { accountOf, completed, type Account } from './account.ts';
import { pause, until } from './waiting.ts';
import { World, type SandboxSettings } from './world.ts';

const RATES = [300, 60];
const HARMED_MS = 4000;
/** A channel that failed is tried again after 1, 2, 4 … seconds. */
const WELL_MS = 5000;

/** For some seconds every message meets with the same trouble, then all is well for some. */
export async function troubledProvider(
  rounds: number,
  trouble: SandboxSettings,
  well: SandboxSettings,
): Promise<Account> {
  const world = await World.open();
  try {
    const seconds = 5 + rounds * 6;
    const campaigns = RATES.map((rate) => ({ id: 0, rate, messages: Math.ceil((rate * seconds) / 60) }));
    for (const [at, each] of campaigns.entries())
      each.id = await world.campaign(at + 1, each.messages, each.rate);
    for (const { id } of campaigns) await world.control(id, 'start');
    await until('it sends', 30_000, async () => (await world.stats()).accepted > 0);
    for (let round = 0; round < rounds; round += 1) {
      await world.sandboxCall('PUT', '/settings', trouble);
      await pause(HARMED_MS);
      await world.sandboxCall('PUT', '/settings', well);
      await pause(WELL_MS);
    }
    await completed(world, campaigns, 240_000);
    return await accountOf(world, campaigns, rounds);
  } finally {
    await world.close();
  }
}
