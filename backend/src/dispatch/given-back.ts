import { keysOf, type Grant } from './claim.ts';
import type { DispatchDatabase, Statement } from './dispatch-database.ts';

const GIVE_BACK_UNKNOWN: Statement = {
  name: 'give back unknown',
  text: `
update dispatch_grant g
   set owner = null, due_at = now()
 where g.owner = $1::uuid
   and not exists (
       select from unnest($2::int[], $3::int[], $4::int[], $5::int[]) as known (account_id, campaign_id, run, low)
        where known.account_id = g.account_id and known.campaign_id = g.campaign_id and known.run = g.run
          and known.low = g.low)`,
};

/**
 * After a claim whose answer was lost: gives back whatever is this process's and not among `known`. Nothing of it can
 * have left. Danger: only while no claim is under way and everything this process has ended is recorded or known.
 */
export async function giveBackUnknown(
  database: DispatchDatabase,
  owner: string,
  known: readonly Grant[],
): Promise<void> {
  await database.rows(GIVE_BACK_UNKNOWN, [
    owner,
    ...keysOf(known),
    known.map((grant) => grant.run),
    known.map((grant) => grant.low),
  ]);
}
