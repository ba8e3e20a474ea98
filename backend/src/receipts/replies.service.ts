import { Injectable } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import * as v from 'valibot';
import { rowsOf } from '../database/rows.ts';
import { recipientOf } from '../dispatch/record.ts';
import { InstantSchema } from './apply-receipts.ts';
import { isOptOut } from '../stop-list/opt-out-words.ts';
import { StopListService } from '../stop-list/stop-list.service.ts';

export const ReplySchema = v.object({
  type: v.literal('message.reply'),
  data: v.object({
    message_id: v.pipe(v.string(), v.minLength(1)),
    in_reply_to: v.optional(v.string()),
    channel_id: v.string(),
    from: v.object({ type: v.literal('phone'), value: v.pipe(v.string(), v.regex(/^\+\d{7,15}$/)) }),
    content: v.object({ type: v.string(), text: v.optional(v.string(), '') }),
    occurred_at: InstantSchema,
  }),
});
type Reply = v.InferOutput<typeof ReplySchema>['data'];

interface Answered {
  campaign_id: number;
  run: number;
  position: number;
}

/** Two texts may make one key, so the id and the phone are compared as well. */
const MATCH = `
  (select m.campaign_id, m.run, m.position, 0 as rank, p.at
     from provider_message p
     join message m on m.account_id = p.account_id and m.campaign_id = p.campaign_id and m.run = p.run and m.position = p.position
    where p.account_id = $1 and p.id_key = lookup_key($1, $2) and m.provider_id = $2)
  union all
  (select m.campaign_id, m.run, m.position, 1, p.at
     from provider_message p
     join message m on m.account_id = p.account_id and m.campaign_id = p.campaign_id and m.run = p.run and m.position = p.position
     join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id and c.list_id = m.list_id and c.row_no = m.row_no
    where p.account_id = $1 and p.recipient_key = lookup_key($1, $3) and c.phone = $4
    order by p.at desc limit 1)
  order by rank, at desc limit 1`;

/** A customer's answer: matched and marked; only then `chat-opener.ts` opens a chat in RMO. */
@Injectable()
export class RepliesService {
  constructor(private readonly stopList: StopListService) {}

  /** @returns false where it answers no message of ours: it may overtake the record of that message */
  async take(manager: EntityManager, accountId: number, reply: Reply): Promise<boolean> {
    const answered = await this.match(manager, accountId, reply);
    if (isOptOut(reply.content.text)) {
      await this.stopList.put(manager, accountId, reply.from.value, 'reply', reply.content.text, 'system');
    }
    if (!answered) return false;
    const { campaign_id, run, position } = answered;
    await manager.query(
      `update message set replied_at = coalesce(replied_at, $5)
        where account_id = $1 and campaign_id = $2 and run = $3 and position = $4`,
      [accountId, campaign_id, run, position, reply.occurred_at],
    );
    await manager.query(
      `insert into reply (account_id, id, campaign_id, run, position, channel_id, phone, text, occurred_at)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
      [
        accountId,
        reply.message_id,
        campaign_id,
        run,
        position,
        reply.channel_id,
        reply.from.value,
        reply.content.text,
        reply.occurred_at,
      ],
    );
    return true;
  }

  /** The quoted message first, then the latest to that phone on that channel. */
  private async match(manager: EntityManager, accountId: number, reply: Reply): Promise<Answered | null> {
    const [answered] = await rowsOf<Answered>(manager, MATCH, [
      accountId,
      reply.in_reply_to ?? '',
      recipientOf(reply.channel_id, reply.from.value),
      reply.from.value,
    ]);
    return answered ?? null;
  }
}
