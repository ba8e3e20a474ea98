import type { EntityManager } from 'typeorm';
import { CAMPAIGN_STATES, type CampaignState } from '../../../contract/campaign-states.ts';
import {
  LATELY,
  PAGE_SIZE,
  type CampaignCard,
  type CampaignPage,
  type CampaignQuery,
} from '../../../contract/campaign.ts';
import { rowsOf } from '../database/rows.ts';
import type { CampaignRow } from './campaign-state.ts';
import { nameKey } from './name-key.ts';

const LIVE = `
  from campaign c join campaign_settings s on s.account_id = c.account_id and s.campaign_id = c.id
 where c.account_id = $1 and s.archived_at is null and s.name_key like $2`;

/** Under way: whoever has to stop one must not look for it. Paused is among them, so that a pause moves no line. */
const RANK = `(c.state not in ('running', 'paused'))::int`;

/** By rank, time and id, not by number: a campaign that moves to the top meanwhile moves no other out of its page. */
const PAGE = `
select c.account_id, c.id, c.state, c.pause_reason, c.scheduled_for, c.rate, c.run, c.cursor, c.last_position,
       c.cursor - c.parked as handed_out, s.name, s.method, s.updated_at, ${RANK} as rank,
       ${RANK} || '_' || (extract(epoch from s.updated_at) * 1000000)::bigint || '_' || c.id as place
${LIVE} and ($3::campaign_state is null or c.state = $3::campaign_state)
   and ($4::int is null or ${RANK} > $4::int
        or ${RANK} = $4::int and (s.updated_at, c.id) < (timestamptz 'epoch' + $5::bigint * interval '1 microsecond', $6::int))
 order by rank, s.updated_at desc, c.id desc
 limit ${PAGE_SIZE + 1}`;

/** What became of the messages last handed out is read by their key: of a million as quickly as of a hundred. */
const CARDS = `
select page.*, coalesce(lately.messages, 0) as messages, coalesce(lately.failed, 0) as failed
  from (${PAGE}) page
  left join lateral (
       select count(*)::int as messages, (count(*) filter (where m.state = 'failed'))::int as failed
         from message m
        where m.account_id = page.account_id and m.campaign_id = page.id and m.run = page.run
          and m.position > page.cursor - ${LATELY} and m.position <= page.cursor
          and m.state in ('unknown', 'sent', 'failed', 'delivered', 'read')) lately
    on page.state in ('running', 'paused')
 order by page.rank, page.updated_at desc, page.id desc`;

const COUNTS = `select c.state, count(*)::int as count ${LIVE} group by c.state`;

type Card = CampaignRow & { place: string; handed_out: number } & CampaignCard['lately'];

export async function campaignPage(
  manager: EntityManager,
  accountId: number,
  { search = '', state, after }: CampaignQuery,
): Promise<CampaignPage> {
  const name = `%${nameKey(search).replace(/[\\%_]/g, '\\$&')}%`;
  const place = after?.split('_') ?? [null, null, null];
  const rows = await rowsOf<Card>(manager, CARDS, [accountId, name, state ?? null, ...place]);
  const counted = await rowsOf<{ state: CampaignState; count: number }>(manager, COUNTS, [accountId, name]);
  const counts = Object.fromEntries(CAMPAIGN_STATES.map((each) => [each, 0])) as CampaignPage['counts'];
  for (const each of counted) counts[each.state] = each.count;
  const page = rows.slice(0, PAGE_SIZE);
  return { data: page.map(cardOf), next: rows.length > PAGE_SIZE ? page.at(-1)!.place : null, counts };
}

function cardOf(row: Card): CampaignCard {
  return {
    id: row.id,
    name: row.name,
    method: row.method,
    state: row.state,
    pauseReason: row.pause_reason,
    scheduledFor: row.scheduled_for?.toISOString() ?? null,
    ratePerMinute: row.rate,
    handedOut: row.handed_out,
    total: row.last_position,
    lately: { messages: row.messages, failed: row.failed },
    updatedAt: row.updated_at.toISOString(),
  };
}
