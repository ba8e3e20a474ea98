import { accountOf, completed, type Account, type Started } from './account.ts';
import type { Program } from './program.ts';
import { until } from './waiting.ts';
import { World } from './world.ts';

const RATE = 300;

async function underWay(world: World, messages: number, sent: number): Promise<Started[]> {
  const campaigns = [{ id: await world.campaign(1, messages, RATE), messages, rate: RATE }];
  await world.control(campaigns[0]!.id, 'start');
  await until('it sends', 30_000, async () => (await world.stats()).accepted >= sent);
  return campaigns;
}

/**
 * Several backends start on one data folder at the same moment, whose owner was killed: exactly one runs, each
 * other ends with a non-zero code and the sentence that says why.
 */
export async function twoStarts(rounds: number, starters = 2): Promise<Account & { wrong: number }> {
  const world = await World.open();
  try {
    const campaigns = await underWay(world, 60 + rounds * 10, 10);
    let wrong = 0;
    for (let round = 0; round < rounds; round += 1) {
      await world.backend!.kill();
      const programs = Array.from({ length: starters }, () => world.startBackend());
      wrong += await oneRuns(programs).then(
        (winner) => {
          world.backend = winner;
          return 0;
        },
        (error: unknown) => {
          console.error(String(error));
          return 1;
        },
      );
      if (world.backend!.ended) await world.startBackend().ready();
    }
    await completed(world, campaigns, 120_000);
    return { ...(await accountOf(world, campaigns, rounds)), wrong };
  } finally {
    await world.close();
  }
}

/** @returns the one that runs @throws where it is not one, or another did not say why it ended */
export async function oneRuns(programs: readonly Program[]): Promise<Program> {
  const running = () => programs.filter((program) => !program.ended);
  await until('all but one have ended', 60_000, () => running().length <= 1);
  const [winner] = running();
  if (!winner) throw new Error(`none runs: ${programs.map(({ output }) => output).join('\n')}`);
  for (const loser of programs.filter((program) => program !== winner)) {
    const code = await loser.exit();
    if (
      !code ||
      !/^Another backend \(process \d+\) is using .*: stop it, or give/.test(loser.output.trim())
    ) {
      throw new Error(`a second one ended with ${code}: ${loser.output}`);
    }
  }
  await winner.ready();
  return winner;
}

/** An orderly stop in the middle and a start: goes on, nothing twice. @returns also the longest stop, in ms */
export async function restart(rounds: number): Promise<Account & { stopMs: number; badExits: number }> {
  const world = await World.open();
  try {
    const campaigns = await underWay(world, 40 + rounds * 15, 5);
    let stopMs = 0;
    let badExits = 0;
    for (let round = 0; round < rounds; round += 1) {
      const before = (await world.stats()).accepted;
      await until('it sends again', 30_000, async () => (await world.stats()).accepted > before + 3);
      const { ms, code } = await world.backend!.stop();
      stopMs = Math.max(stopMs, ms);
      badExits += code === 0 ? 0 : 1;
      await world.startBackend().ready();
    }
    await completed(world, campaigns, 120_000);
    return { ...(await accountOf(world, campaigns, rounds)), stopMs, badExits };
  } finally {
    await world.close();
  }
}
