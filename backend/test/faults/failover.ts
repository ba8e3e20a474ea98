import { Cluster } from './cluster.ts';
import { harmReplicas, type Harmed } from './replicas.ts';

/** The primary is lost with its disk, and its synchronous standby takes over: what was granted there is granted here. */
export async function failover(rounds: number): Promise<Harmed> {
  const cluster = await Cluster.open();
  try {
    return await harmReplicas(rounds, { count: 2, databaseUrl: cluster.url }, {}, ({ hit }) =>
      cluster.failOver(hit),
    );
  } finally {
    await cluster.close();
  }
}
