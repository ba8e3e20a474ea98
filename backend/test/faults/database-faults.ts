import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { harmReplicas, type Harm, type Harmed } from './replicas.ts';
import { pause, until } from './waiting.ts';
import type { World } from './world.ts';

/** Ended in the quick way that cuts off everybody (SIGINT), with whatever was under way rolled back, and started again. */
export function postgresRestart(rounds: number): Promise<Harmed> {
  return harmReplicas(rounds, { count: 2 }, {}, (harm) => end(harm, 'SIGINT'));
}

/** kill -9 of the server: what was committed must be there after its recovery, and nothing else. */
export function postgresCrash(rounds: number): Promise<Harmed> {
  return harmReplicas(rounds, { count: 2 }, {}, (harm) => end(harm, 'SIGKILL'));
}

async function end({ world, hit }: Harm, signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
  const before = postmaster(world);
  process.kill(before!, signal);
  await hit();
  await until('PostgreSQL is back', 60_000, async () => {
    const now = postmaster(world);
    return now !== null && now !== before && (await answers(world));
  });
}

function postmaster(world: World): number | null {
  const file = join(world.postgresFolder, 'data', 'postmaster.pid');
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : null;
}

function answers(world: World): Promise<boolean> {
  return world.query('select 1').then(
    () => true,
    () => false,
  );
}

/** What of it is harmed is the first; people and the host reach the second. */
const ONE_OF_TWO = {
  count: 2,
  wired: true,
  victims: (number: number) => number === 0,
  reached: (number: number) => number === 1,
};
/** Shorter and longer than a process counts as alive. */
const away = () => 2000 + Math.random() * 8000;

/** One process loses the database, but not the provider: it must fall silent by itself. */
export function networkCut(rounds: number): Promise<Harmed> {
  return harmReplicas(rounds, ONE_OF_TWO, {}, async ({ victim: { wire }, hit }) => {
    wire!.cut();
    await hit();
    await pause(away());
    wire!.mend();
  });
}

/**
 * Its connections are dead and nobody says so: whatever it asked is never answered. It must come back by itself as soon
 * as new connections can be made. @returns also how long that took at most
 */
export async function networkHalfOpen(rounds: number): Promise<Harmed & { recoverMs: number }> {
  let recoverMs = 0;
  const harmed = await harmReplicas(rounds, ONE_OF_TWO, {}, async ({ world, victim, hit }) => {
    const { wire, owners, port } = victim;
    wire!.swallow();
    await hit();
    await pause(away());
    wire!.mend();
    const mended = Date.now();
    await until('it sends again', 180_000, async () => {
      const alive = 'select 1 from dispatch_process where id = $1::uuid and alive_until > now()';
      return (await world.query(alive, [owners.at(-1)])).length > 0;
    });
    await until('it answers people again', 180_000, () => {
      const asked = world.api('GET', '/campaigns', undefined, `http://127.0.0.1:${port}`);
      return asked.then(
        () => true,
        () => false,
      );
    });
    recoverMs = Math.max(recoverMs, Date.now() - mended);
  });
  return { ...harmed, recoverMs };
}

/** All of them lose the database at once, and find it again. */
export function networkCutAll(rounds: number): Promise<Harmed> {
  return harmReplicas(rounds, { count: 2, wired: true }, {}, async ({ world, hit }) => {
    for (const { wire } of world.replicas) wire!.cut();
    await hit();
    await pause(1000 + Math.random() * 3000);
    for (const { wire } of world.replicas) wire!.mend();
  });
}
