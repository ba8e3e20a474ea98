import { refOf } from './account.ts';
import { harmReplicas, type Harmed } from './replicas.ts';
import type { Replica } from './replica.ts';
import { until } from './waiting.ts';
import type { World } from './world.ts';

/** Kills the process at its point. @returns resolves when it is dead */
type Point = (world: World, victim: Replica, ids: readonly number[]) => Promise<void>;

/**
 * The steps of a hand-over, in order, and a kill between each two. The product knows nothing of it: the wire to the
 * database sees which statement goes by, and the provider is told not to answer.
 */
const POINTS: readonly Point[] = [
  // Nothing is granted yet.
  atStatement('claim', 'asked'),
  // The intent is on disk, and its process never learns of it.
  atStatement('claim', 'answered'),
  // It is about to send.
  atStatement('granted rows', 'answered'),
  // The provider has it, the answer never comes.
  atProvider,
  // The answer is there, nothing is recorded.
  atStatement('record', 'asked'),
  // It is recorded, and its process never learns of it.
  atStatement('record', 'answered'),
];

export const POINTS_IN_ALL = POINTS.length;

export async function killAtPoint(rounds: number): Promise<Harmed> {
  const replicas = { count: 2, wired: true };
  // A receipt would settle what was accepted before it is asked about again, which is what is to be tried.
  const settings = { receipts: { enabled: false } };
  return harmReplicas(rounds, replicas, settings, async ({ world, victim, ids, round, hit }) => {
    await POINTS[round % POINTS.length]!(world, victim, ids);
    await hit();
    await world.startReplica(victim);
  });
}

/** @param when the statement has left its process, or its answer (so that it is committed) is about to arrive there */
function atStatement(name: string, when: 'asked' | 'answered'): Point {
  return async (_world, { program, wire }) => {
    const bytes = Buffer.from(`\0${name}\0`);
    let asking: object | null = null;
    let killed = false;
    wire!.tap = (seen, towards, link) => {
      if (killed) return false;
      if (towards === 'server' && seen.includes(bytes)) asking = link;
      if (asking !== link || (when === 'answered' && towards === 'server')) return true;
      killed = true;
      void program!.kill();
      return false;
    };
    try {
      await until(`the statement "${name}" goes by`, 30_000, () => killed, 5);
      await program!.exit();
    } finally {
      wire!.tap = null;
    }
  };
}

async function atProvider(world: World, { program }: Replica, ids: readonly number[]): Promise<void> {
  const accepted = async () => {
    const all = await Promise.all(ids.map((id) => world.stats(refOf(id))));
    return all.reduce((sum, each) => sum + each.accepted, 0);
  };
  const answers = (share: number) => world.sandboxCall('PUT', '/settings', { hangAfterAccept: 1 - share });
  await answers(0);
  try {
    const before = await accepted();
    // They may all have come to their end a moment ago.
    await until('the provider has a message', 5000, async () => (await accepted()) > before, 5).catch(
      () => undefined,
    );
    await program!.kill();
  } finally {
    await answers(1);
  }
}
