import { join } from 'node:path';
import { PROJECT_ROOT } from '../../src/project-root.ts';
import { harmReplicas, type Harmed } from './replicas.ts';

export interface Keyless extends Harmed {
  /** Messages of which nobody knows whether they arrived: shown as such and never sent again. */
  doubtful: number;
  /** So many for each campaign that a killed process held. */
  doubtfulPerHit: number;
}

/**
 * kill -9 where the provider knows no idempotency keys: nobody may get a message twice, so what a dead process had in
 * the middle of sending is in doubt: no more than one message of each campaign on the whole.
 */
export async function killKeyless(rounds: number): Promise<Keyless> {
  const hook = join(PROJECT_ROOT, 'dist/backend/test/faults/keyless-gateway.js');
  // No receipt may settle the doubt that is to be counted.
  const provider = { honourKeys: false, receipts: { enabled: false } };
  const replicas = { count: 3, nodeArgs: () => ['--import', hook] };
  const harmed = await harmReplicas(rounds, replicas, provider, async ({ world, victim, hit }) => {
    await victim.program!.kill();
    await hit();
    await world.startReplica(victim);
  });
  const doubtful = harmed.unknown;
  return {
    ...harmed,
    // In doubt, and so accounted for; those of them that never left are not lost but shown as unknown.
    unknown: 0,
    unaccounted: Math.max(0, harmed.unaccounted - doubtful),
    lost: Math.max(0, harmed.lost - doubtful),
    doubtful,
    doubtfulPerHit: doubtful / Math.max(1, harmed.hit),
  };
}
