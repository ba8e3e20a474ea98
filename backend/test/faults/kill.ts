import { accountOf, completed, type Account, type Started } from './account.ts';
import { pause, until } from './waiting.ts';
import { World, type SandboxSettings } from './world.ts';

const RATE = 300;
const CAMPAIGNS = 4;
/** Longest time a backend lives after it is ready, in ms. */
const LIFE_MS = 3000;
/** Every so many rounds the start itself is cut off. */
const CUT_START_EVERY = 4;

/** kill -9 at random moments, again and again, each time followed by nothing but a new start. */
export async function kill(
  rounds: number,
  settings: SandboxSettings = {},
): Promise<Account & { replies: number }> {
  const world = await World.open({
    customers: { replyShare: 0.1, delayMs: 500, texts: ['Да'] },
    ...settings,
  });
  try {
    const campaigns: Started[] = [];
    for (let number = 1; number <= CAMPAIGNS; number += 1) {
      // Enough to be still sending in the last round.
      const messages = Math.max(60, rounds * 9);
      campaigns.push({ id: await world.campaign(number, messages, RATE), messages, rate: RATE });
    }
    for (const { id } of campaigns) await world.control(id, 'start');
    for (let round = 1; round <= rounds; round += 1) {
      const cutStart = round % CUT_START_EVERY === 0;
      if (!cutStart) await world.backend!.ready();
      await pause(Math.random() * (cutStart ? 1500 : LIFE_MS));
      await world.backend!.kill();
      world.startBackend();
    }
    await world.backend!.ready();
    await completed(world, campaigns, 120_000 + (campaigns[0]!.messages / RATE) * 60_000);
    const account = await accountOf(world, campaigns, rounds);
    const { lost, chats } = await repliesOf(world, campaigns);
    account.unaccounted += lost;
    return { ...account, replies: chats };
  } finally {
    await world.close();
  }
}

/** Every reply is told once and opens one chat. @returns how many did, and how many did not or did twice */
async function repliesOf(
  world: World,
  campaigns: readonly Started[],
): Promise<{ lost: number; chats: number }> {
  let lost = 0;
  let chats = 0;
  const look = async () => {
    const { pending } = await world.sandboxCall<{ pending: number }>('GET', '/webhooks/stats');
    const { total } = await world.sandboxCall<{ total: number }>('GET', '/chats?tenant=romashka');
    let replied = 0;
    for (const { id } of campaigns) replied += (await world.get(id)).progress.replied;
    lost = pending + Math.abs(total - replied);
    chats = total;
    return lost === 0;
  };
  await until('every reply has its chat', 60_000, look, 200).catch(() => undefined);
  return { lost, chats };
}
