/** How many of a campaign's messages go to which zone, and what that makes of its sending hours. */
import type { EntityManager } from 'typeorm';
import type { ZoneShare } from '../../../contract/campaign.ts';
import { nextOpen, type ClockHours } from '../../../contract/sending-hours.ts';
import { zoneOffset } from '../../../contract/zoned-time.ts';
import { rowsOf } from '../database/rows.ts';
import type { RunKey } from '../dispatch/enqueue.ts';
import { expectedTotal, spreadOver } from '../lengths/sample.ts';
import { sampledRows, type RowsKey } from '../lengths/sendable-rows.ts';
import { withRegion } from './zone-of.ts';

export interface ZoneMessages {
  zone: string;
  messages: number;
}

/** Rows looked at: about 10 ms. */
const SAMPLE_ROWS = 1000;

/** Of rows that Start would queue: an estimate from some of them, spread over the files. @param accountZone of numbers that no range has */
export async function expectedZones(
  manager: EntityManager,
  key: RowsKey,
  accountZone: string,
): Promise<ZoneMessages[]> {
  const found = new Map<string, number>();
  for (const { list, rows } of spreadOver(key, SAMPLE_ROWS)) {
    const zones = await rowsOf<ZoneMessages>(
      manager,
      `select coalesce(region.zone, $1) as zone, count(*)::int as messages
         from (select c.phone from ${sampledRows(key, list, rows)}) c ${withRegion('c.phone')} group by 1`,
      [accountZone],
    );
    for (const { zone, messages } of zones) found.set(zone, (found.get(zone) ?? 0) + messages);
  }
  const seen = [...found.values()].reduce((sum, count) => sum + count, 0);
  const factor = expectedTotal(key) / Math.max(seen, 1);
  return [...found].map(([zone, messages]) => ({ zone, messages: Math.round(messages * factor) }));
}

/** Of a run whose queue is in parts: what has not been handed out yet. Null for any other. */
export async function zonesLeft(
  manager: EntityManager,
  { accountId, campaignId, run }: RunKey,
): Promise<ZoneMessages[] | null> {
  const zones = await rowsOf<ZoneMessages>(
    manager,
    `select p.zone, sum(p.high - case when p.high = c.part_end then c.cursor else p.cursor end)::int as messages
       from campaign c
       join queue_part p on p.account_id = c.account_id and p.campaign_id = c.id and p.run = c.run
      where c.account_id = $1 and c.id = $2 and c.run = $3
      group by p.zone`,
    [accountId, campaignId, run],
  );
  return zones.length === 0 ? null : zones.filter(({ messages }) => messages > 0);
}

/** For people: zones of the same clock as one, the furthest east first. @param instant in ms since 1970 */
export function zoneShares(
  zones: readonly ZoneMessages[],
  hours: ClockHours | null,
  instant: number,
): ZoneShare[] {
  const shares = new Map<number, ZoneShare>();
  for (const { zone, messages } of zones) {
    const utcOffset = zoneOffset(instant, zone) / 60_000;
    const opens = hours ? nextOpen(instant, hours, zone) : instant;
    const share = shares.get(utcOffset) ?? {
      utcOffset,
      messages: 0,
      opensAt: opens > instant ? new Date(opens).toISOString() : null,
    };
    shares.set(utcOffset, { ...share, messages: share.messages + messages });
  }
  return [...shares.values()].toSorted((a, b) => b.utcOffset - a.utcOffset);
}
