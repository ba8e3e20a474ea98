import { randomUUID } from 'node:crypto';
import type { DataSource } from 'typeorm';
import { claim, grantedRows, type Grant, type GrantedRow } from '../src/dispatch/claim.ts';
import { DispatchDatabase } from '../src/dispatch/dispatch-database.ts';
import { beat, takeLeases } from '../src/dispatch/leases.ts';
import type { GatewayAnswer } from '../src/dispatch/gateway.ts';
import { verdictOf } from '../src/dispatch/outcome-of.ts';
import { record, type Outcome } from '../src/dispatch/record.ts';

/** As many as the dispatcher takes. */
const CAMPAIGNS_AT_ONCE = 500;
/** Batches between their claim and their record. */
const IN_HAND = 3;
const ANSWER_SECONDS = 7;
/** The rate's window: with none, a campaign is due again at once. */
const UNPACED = 0;

/** Hands a grant's messages over. @returns their answers, in their order */
export type Send = (grant: Grant, rows: GrantedRow[]) => Promise<GatewayAnswer[]>;

/**
 * The dispatcher's own statements without its slots: claim, read the rows, hand every message over, record, until
 * nothing is queued. As in the dispatcher one claim runs at a time, while what was claimed before is recorded.
 *
 * @param send by default to nobody, who takes everything at once
 */
export async function drain(dataSource: DataSource, messages: number, send: Send = takeAll): Promise<void> {
  const database = new DispatchDatabase(dataSource);
  const owner = randomUUID();
  await beat(database, owner);
  const leases = (await takeLeases(database, owner, 1_000_000)).map(({ lease }) => lease);
  let claimed = 0;
  let next = 0;
  let claiming: Promise<Batch[]> = Promise.resolve([]);
  const claimNext = async (): Promise<Batch[]> => {
    if (claimed >= messages) return [];
    const turn = Array.from(
      { length: Math.min(CAMPAIGNS_AT_ONCE, leases.length) },
      () => leases[next++ % leases.length]!,
    );
    const found = await claim(database, turn, owner, ANSWER_SECONDS, UNPACED);
    const grants = found.flatMap(({ grant }) => (grant ? [grant] : []));
    const rows = await grantedRows(database, grants);
    claimed += rows.reduce((sum, each) => sum + each.length, 0);
    return grants.map((grant, at) => ({ grant, rows: rows[at]! }));
  };
  const work = async () => {
    for (;;) {
      claiming = claiming.then(claimNext);
      const batches = await claiming;
      if (batches.length === 0) return;
      const endings = batches.map(({ grant }) => ({ ...grant, giveBackAfterMs: null }));
      const outcomes = await Promise.all(
        batches.map(async ({ grant, rows }) => {
          const answers = await send(grant, rows);
          return rows.map((row, at) => outcomeOf(grant, row, answers[at]!));
        }),
      );
      await record(database, owner, outcomes.flat(), endings);
    }
  };
  await Promise.all(Array.from({ length: IN_HAND }, work));
  await database.close();
}

interface Batch {
  grant: Grant;
  rows: GrantedRow[];
}

/** The ids are as scattered as real ones. */
function takeAll(_grant: Grant, rows: GrantedRow[]): Promise<GatewayAnswer[]> {
  return Promise.resolve(rows.map(() => ({ kind: 'accepted', providerId: randomUUID() })));
}

function outcomeOf(grant: Grant, row: GrantedRow, answer: GatewayAnswer): Outcome {
  return {
    accountId: grant.accountId,
    campaignId: grant.campaignId,
    run: grant.run,
    position: row.position,
    segments: 1,
    channelId: 'channel',
    phone: row.phone,
    ...verdictOf(answer, row, true, Date.now()).outcome,
  };
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
