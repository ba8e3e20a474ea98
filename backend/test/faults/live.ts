import pg from 'pg';
import { accountOf, completed, refOf, type Account } from './account.ts';
import { pause, until } from './waiting.ts';
import { World } from './world.ts';

const RATE = 300;
/** Longer than a grant of a second lasts: what was in hand at a pause would have left by then. */
const GRANT_MS = 1600;

/** Pause, resume and pause in quick turn. @returns also how many left after a pause beyond those on their way */
export async function pauseUnderLoad(rounds: number): Promise<Account & { afterPause: number }> {
  const world = await World.open({ latencyMs: 150 });
  try {
    const messages = 60 + rounds * 12;
    const campaigns = [1, 2].map((number) => ({ number, id: 0, messages, rate: RATE }));
    for (const each of campaigns) each.id = await world.campaign(each.number, messages, RATE);
    for (const { id } of campaigns) await world.control(id, 'start');
    const { id } = campaigns[0]!;
    let afterPause = 0;
    for (let round = 0; round < rounds; round += 1) {
      const before = (await world.stats(refOf(id))).accepted;
      await until('it sends', 30_000, async () => (await world.stats(refOf(id))).accepted > before, 10);
      await pause(Math.random() * 500);
      for (const quick of [true, false]) {
        const { inFlight } = await world.control(id, 'pause');
        const atAnswer = (await world.stats(refOf(id))).accepted;
        await pause(quick ? 100 * Math.random() : GRANT_MS);
        const since = (await world.stats(refOf(id))).accepted - atAnswer;
        afterPause = Math.max(afterPause, since - inFlight);
        await world.control(id, 'resume');
        if (quick) await pause(300 * Math.random());
      }
    }
    await completed(world, campaigns, 180_000);
    return { ...(await accountOf(world, campaigns, rounds)), afterPause };
  } finally {
    await world.close();
  }
}

/** All of the backend's connections are ended under it, again and again. */
export async function postgresKill(rounds: number): Promise<Account & { ended: number; exits: number }> {
  const world = await World.open({ customers: { replyShare: 0.1, delayMs: 300, texts: ['Да'] } });
  try {
    const messages = 60 + rounds * 10;
    const campaigns = [1, 2].map((number) => ({ number, id: 0, messages, rate: RATE }));
    for (const each of campaigns) each.id = await world.campaign(each.number, messages, RATE);
    for (const { id } of campaigns) await world.control(id, 'start');
    let ended = 0;
    for (let round = 0; round < rounds; round += 1) {
      await pause(500 + Math.random() * 1500);
      ended += await endConnections(world);
    }
    await completed(world, campaigns, 180_000);
    const exits = world.backend!.ended ? 1 : 0;
    return { ...(await accountOf(world, campaigns, rounds)), ended, exits };
  } finally {
    await world.close();
  }
}

async function endConnections(world: World): Promise<number> {
  const client = new pg.Client(world.postgresUrl()!);
  await client.connect();
  try {
    const { rowCount } = await client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'mass-messaging'`,
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}
