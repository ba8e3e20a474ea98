import { int4Array } from './binary-array.ts';
import { keysOf, type Grant } from './claim.ts';
import type { DispatchDatabase, Statement } from './dispatch-database.ts';
import type { GrantEnd } from './record.ts';

const WRITE: Statement = {
  name: 'write attempts',
  text: `
insert into send_attempt (account_id, campaign_id, run, position, lease)
select * from unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::timestamptz[])
on conflict do nothing`,
};

const ATTEMPTED: Statement = {
  name: 'attempted',
  text: `
select distinct position from send_attempt
 where account_id = $1::int and campaign_id = $2::int and run = $3::int and position > $4::int and position <= $5::int`,
};

/** Only those of this handing out: whoever has taken the grant over meanwhile has attempts of his own. */
const FORGET: Statement = {
  name: 'forget attempts',
  text: `
delete from send_attempt a
 using unnest($1::int[], $2::int[], $3::int[], $4::int[], $5::int[], $6::timestamptz[])
       as e (account_id, campaign_id, run, low, high, lease)
 where a.account_id = e.account_id and a.campaign_id = e.campaign_id and a.run = e.run
   and a.position > e.low and a.position <= e.high and a.lease = e.lease`,
};

/** Of processes that died: their messages are settled or unknown once the run is over and nothing of it is out. */
const FORGET_OVER: Statement = {
  name: 'forget attempts of runs that are over',
  text: `
delete from send_attempt a
 using campaign c
 where c.account_id = a.account_id and c.id = a.campaign_id and (c.run <> a.run or c.state in ('draft', 'completed'))
   and not exists (select from dispatch_grant g
                    where g.account_id = a.account_id and g.campaign_id = a.campaign_id and g.run = a.run)`,
};

interface Waiting {
  grant: Grant;
  position: number;
  written: () => void;
  failed: (error: unknown) => void;
}

/**
 * For providers without keys: what is about to be written to them is on disk before. All that is about to leave at the
 * same moment, of whatever campaigns, is one commit; what comes while one is under way goes into the next.
 */
export class Attempts {
  private waiting: Waiting[] = [];
  private isWriting = false;

  constructor(private readonly database: DispatchDatabase) {}

  /** Resolves when it is on disk. */
  add(grant: Grant, position: number): Promise<void> {
    return new Promise((written, failed) => {
      this.waiting.push({ grant, position, written, failed });
      if (!this.isWriting) void this.writeAll();
    });
  }

  private async writeAll(): Promise<void> {
    this.isWriting = true;
    // All slots that begin at this moment.
    await new Promise((resume) => setImmediate(resume));
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0);
      const grants = batch.map(({ grant }) => grant);
      const values = [
        ...keysOf(grants),
        int4Array(grants.map(({ run }) => run)),
        int4Array(batch.map(({ position }) => position)),
        grants.map(({ lease }) => lease),
      ];
      await this.database.rows(WRITE, values).then(
        () => batch.forEach(({ written }) => written()),
        (error: unknown) => batch.forEach(({ failed }) => failed(error)),
      );
    }
    this.isWriting = false;
  }

  /** Positions of a grant that its former holders may have sent. */
  async of({ accountId, campaignId, run, low, high }: Grant): Promise<Set<number>> {
    const rows = await this.database.rows<[number]>(ATTEMPTED, [accountId, campaignId, run, low, high]);
    return new Set(rows.map(([position]) => position));
  }

  /** Of grants that have ended, their outcomes recorded: what was given back is as if it had never been tried. */
  async forget(endings: readonly GrantEnd[]): Promise<void> {
    if (endings.length === 0) return;
    await this.database.rows(FORGET, [
      ...keysOf(endings),
      int4Array(endings.map(({ run }) => run)),
      int4Array(endings.map(({ low }) => low)),
      int4Array(endings.map(({ high }) => high)),
      endings.map(({ lease }) => lease),
    ]);
  }

  async forgetRunsOver(): Promise<void> {
    await this.database.rows(FORGET_OVER, []);
  }
}
