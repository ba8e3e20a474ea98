import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { claim, type Grant } from '../src/dispatch/claim.ts';
import { verdictOf } from '../src/dispatch/outcome-of.ts';
import { record, type Outcome } from '../src/dispatch/record.ts';

/** As many as the dispatcher takes. */
const CAMPAIGNS_AT_ONCE = 500;
/** Batches between their claim and their record. */
const IN_HAND = 3;
const ANSWER_SECONDS = 7;

/**
 * The dispatcher's own statements without its slots: claim, take every message for accepted, record, until nothing
 * is queued. As in the dispatcher one claim runs at a time, while what was claimed before is being recorded. The
 * rate makes a claimed campaign wait a second; once all of them wait, one statement makes them due again, and its
 * cost counts.
 */
export async function drain(dataSource: DataSource, messages: number): Promise<void> {
  const { manager } = dataSource;
  const owner = randomUUID();
  let claimed = 0;
  let claiming: Promise<Grant[]> = Promise.resolve([]);
  const claimNext = async (): Promise<Grant[]> => {
    while (claimed < messages) {
      const { grants } = await claim(manager, CAMPAIGNS_AT_ONCE, owner, ANSWER_SECONDS);
      claimed += grants.reduce((sum, grant) => sum + grant.rows.length, 0);
      if (grants.length > 0) return grants;
      await manager.query(
        `update campaign set due_at = now() - interval '1 s' where state = 'running' and cursor < last_position`,
      );
    }
    return [];
  };
  const work = async () => {
    for (;;) {
      claiming = claiming.then(claimNext);
      const grants = await claiming;
      if (grants.length === 0) return;
      const endings = grants.map((grant) => ({ ...grant, giveBackAfterMs: null }));
      await record(manager, owner, grants.flatMap(accepted), endings);
    }
  };
  await Promise.all(Array.from({ length: IN_HAND }, work));
}

/** A provider that takes everything at once. Its ids are as scattered as real ones. */
function accepted(grant: Grant): Outcome[] {
  return grant.rows.map((row) => ({
    accountId: grant.accountId,
    campaignId: grant.campaignId,
    run: grant.run,
    position: row.position,
    segments: 1,
    channelId: 'channel',
    phone: row.phone,
    ...verdictOf({ kind: 'accepted', providerId: randomUUID() }, row.attempt, true, Date.now()).outcome,
  }));
}

/** Every message sent and no grant left: a drain that cheats is worth nothing. */
export async function checkDrained(dataSource: DataSource, messages: number): Promise<void> {
  const [row] = (await dataSource.query(
    `select (select count(*)::int from message where state = 'sent') as sent,
            (select count(*)::int from provider_message) as mapped,
            (select count(*)::int from dispatch_grant) as grants`,
  )) as { sent: number; mapped: number; grants: number }[];
  if (row!.sent !== messages || row!.mapped !== messages || row!.grants !== 0)
    throw new Error(`the drain left ${JSON.stringify(row)}`);
}
