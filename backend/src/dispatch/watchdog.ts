/**
 * A running campaign that nobody goes on with cannot exist: it is claimed, waits for a time that is known, or completes.
 * This looks whether that is so, says where it is not, and lets the campaign go on. Each process looks at its own
 * campaigns; those of a process that has been dead for a while are looked at by everybody.
 */
import { Logger } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import type { LeasedCampaigns } from './leased-campaigns.ts';
import { LONGEST_PAUSE_MS } from './outcome-of.ts';
import { SPREAD, WINDOW } from './pacing.ts';

/** $1 this process */
const MINE_OR_NOBODYS = `
  c.state = 'running'
  and (c.owner = $1::uuid or c.owner is null or not exists (
       select from dispatch_process p where p.id = c.owner and p.alive_until > now() - interval '30 s'))`;

/** Due for a minute, or with a grant whose lease ended a minute ago. */
const STUCK = `
select c.account_id as "accountId", c.id as "campaignId", c.owner = $1::uuid as mine,
       extract(epoch from now() - least(c.due_at, g.lease_until))::int as seconds
  from campaign c
  left join lateral (
       select min(g.lease_until) as lease_until from dispatch_grant g
        where g.account_id = c.account_id and g.campaign_id = c.id and g.run = c.run and g.owner is not null) g on true
 where ${MINE_OR_NOBODYS} and least(c.due_at, g.lease_until) < now() - interval '1 minute'
   and hours_wait(c.hours_from, c.hours_to, c.hours_zone) = 0`;

/** Whoever looks next takes it, and claims it when it is due. What is locked is in somebody's hands. */
const FREE = `
with stuck as materialized (
  select c.account_id, c.id
    from unnest($2::int[], $3::int[]) as wanted (account_id, id)
    join campaign c on c.account_id = wanted.account_id and c.id = wanted.id
   where ${MINE_OR_NOBODYS}
     for no key update of c skip locked)
update campaign c set owner = null from stuck s where c.account_id = s.account_id and c.id = s.id`;

/**
 * A clock put back leaves times ahead that no rule would set: grants given back that wait for longer than any provider
 * may ask, and grants of dead processes whose lease is longer than the longest. $2, $3 these two, in seconds
 */
const TOO_FAR_AHEAD = `
with given_back as (
  update dispatch_grant g set due_at = now()
    from campaign c
   where c.owner = $1::uuid and c.state = 'running'
     and g.account_id = c.account_id and g.campaign_id = c.id and g.run = c.run
     and g.owner is null and g.due_at > now() + make_interval(secs => $2::float8)
  returning g.account_id, g.campaign_id),
left_behind as (
  update dispatch_grant g
     set send_until = least(g.send_until, now() + make_interval(secs => $3::float8)),
         lease_until = now() + make_interval(secs => $3::float8)
    from campaign c
   where c.owner = $1::uuid and c.state = 'running'
     and g.account_id = c.account_id and g.campaign_id = c.id and g.run = c.run
     and g.owner is not null and g.lease_until > now() + make_interval(secs => $3::float8 + 1)
     and not exists (select from dispatch_process p where p.id = g.owner and p.alive_until > now())
  returning g.account_id, g.campaign_id)
select account_id as "accountId", campaign_id as "campaignId" from given_back
union all
select account_id, campaign_id from left_behind`;

/** Nothing queued within reach and nothing in flight: it should have completed. $1 this process */
const EMPTY = `
select c.account_id as "accountId", c.id as "campaignId"
  from campaign c
 where c.state = 'running' and c.owner = $1::uuid and c.cursor - c.parked >= c.last_position
   and not exists (select from dispatch_grant g
                    where g.account_id = c.account_id and g.campaign_id = c.id and g.run = c.run)`;

interface Found {
  accountId: number;
  campaignId: number;
}

export class Watchdog {
  private readonly logger = new Logger(Watchdog.name);
  private readonly longestLease: number;
  /** Seen with nothing to do at the last check: seen so again, they do not complete. */
  private empty = new Set<string>();

  /** @param answerSeconds how long an answer and its recording may take */
  constructor(
    private readonly manager: EntityManager,
    private readonly owner: string,
    private readonly leases: LeasedCampaigns,
    answerSeconds: number,
  ) {
    this.longestLease = WINDOW + SPREAD + answerSeconds;
  }

  /** @returns how many campaigns it found wanting */
  async check(): Promise<number> {
    return (await this.bringBack()) + (await this.letGoOn()) + (await this.tellEmpty());
  }

  private async bringBack(): Promise<number> {
    const ahead = await rowsOf<Found>(this.manager, TOO_FAR_AHEAD, [
      this.owner,
      LONGEST_PAUSE_MS / 1000 + 1,
      this.longestLease,
    ]);
    for (const { accountId, campaignId } of ahead) {
      this.logger.warn(
        `campaign ${accountId}:${campaignId} had a grant that waited for a time too far ahead: brought back`,
      );
    }
    return ahead.length;
  }

  private async letGoOn(): Promise<number> {
    const overdue = await rowsOf<Found & { mine: boolean; seconds: number }>(this.manager, STUCK, [
      this.owner,
    ]);
    // One of its own that waits for its channel, or for its turn, is in good hands.
    const stuck = overdue.filter((each) => !each.mine || !this.leases.waitsForItsTime(each));
    if (stuck.length === 0) return 0;
    for (const { accountId, campaignId, seconds } of stuck) {
      this.logger.warn(
        `campaign ${accountId}:${campaignId} should have gone on ${seconds} s ago: it is given to whoever looks next`,
      );
    }
    this.leases.forget(stuck);
    await this.manager.query(FREE, [
      this.owner,
      stuck.map((each) => each.accountId),
      stuck.map((each) => each.campaignId),
    ]);
    this.leases.lookNow();
    return stuck.length;
  }

  /** Its claims and the healing try to complete it all the time; what keeps them from it is for a person to find. */
  private async tellEmpty(): Promise<number> {
    const before = this.empty;
    const found = await rowsOf<Found>(this.manager, EMPTY, [this.owner]);
    const names = found.map(({ accountId, campaignId }) => `${accountId}:${campaignId}`);
    this.empty = new Set(names);
    const still = names.filter((name) => before.has(name));
    for (const name of still) {
      this.logger.warn(`campaign ${name} has nothing left to send and does not complete`);
    }
    return still.length;
  }
}
