import type { EntityManager } from 'typeorm';
import type { HostChannel } from '../../../contract/host-api.ts';
import { perMinute } from '../dispatch/channel-pacing.ts';

/**
 * $1 the account, $2 its channels with a limit, $3 the limits. A row that stays keeps its due time: what has gone through
 * the channel counts under the new limit, too. What has not changed is not written. The rows are taken in the order in
 * which sending locks them.
 */
const KEEP = `
with gone as (
  delete from channel_limit where account_id = $1 and channel_id <> all ($2::text[]))
insert into channel_limit (account_id, channel_id, per_minute)
select $1, channel_id, per_minute
  from unnest($2::text[], $3::float8[]) as declared (channel_id, per_minute)
 where not exists (select from channel_limit k
                    where k.account_id = $1 and k.channel_id = declared.channel_id
                      and k.per_minute = declared.per_minute)
 order by channel_id
    on conflict (account_id, channel_id) do update set per_minute = excluded.per_minute`;

/** The limit a channel declares, in messages per minute; null: none, or none that makes sense. */
export function declaredLimit({ limits }: HostChannel): number | null {
  const perSecond = limits?.per_second;
  return typeof perSecond === 'number' && Number.isFinite(perSecond) && perSecond > 0
    ? perMinute(perSecond)
    : null;
}

/** Keeps what the host has just said of its channels' limits, for all processes. */
export async function keepLimits(
  manager: EntityManager,
  accountId: number,
  channels: readonly HostChannel[],
): Promise<void> {
  // The same id twice would make the statement fail; the last word counts.
  const declared = new Map<string, number>();
  for (const channel of channels) {
    const limit = declaredLimit(channel);
    if (limit === null) declared.delete(channel.id);
    else declared.set(channel.id, limit);
  }
  await manager.query(KEEP, [accountId, [...declared.keys()], [...declared.values()]]);
}
