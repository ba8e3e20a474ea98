import { Injectable, Logger } from '@nestjs/common';
import { DataSource, type EntityManager } from 'typeorm';
import * as v from 'valibot';
import type { HostChatRequest } from '../../../contract/host-api.ts';
import { HostClient } from '../channels/host/host-client.ts';
import { rowsOf } from '../database/rows.ts';
import { compose } from '../dispatch/compose.ts';
import { recipientOf } from '../dispatch/record.ts';
import { RunContents } from '../dispatch/run-contents.ts';
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

interface WaitingChat extends Answered {
  account_id: number;
  id: string;
  channel_id: string;
  phone: string;
  text: string;
  occurred_at: Date;
  list_id: number;
  cells: string[];
  sent_at: Date | null;
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

/** A customer's answer: matched, marked, and only then a chat in RMO, with what the person had received. */
@Injectable()
export class RepliesService {
  private readonly logger = new Logger(RepliesService.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly client: HostClient,
    private readonly contents: RunContents,
    private readonly stopList: StopListService,
  ) {}

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

  /**
   * Opens the chats that are due. The reply's id is the idempotency key, so a repeat after a lost answer opens no
   * second chat; a host that is down is asked again at the next look.
   *
   * @returns how many were opened
   */
  async openChats(): Promise<number> {
    const waiting = await rowsOf<WaitingChat>(
      this.dataSource.manager,
      `select r.account_id, r.id, r.campaign_id, r.run, r.position, r.channel_id, r.phone, r.text, r.occurred_at,
              m.list_id, m.sent_at, c.cells
         from reply r
         join message m on m.account_id = r.account_id and m.campaign_id = r.campaign_id and m.run = r.run and m.position = r.position
         join contact c on c.account_id = m.account_id and c.campaign_id = m.campaign_id and c.list_id = m.list_id and c.row_no = m.row_no
        where r.chat_id is null and r.chat_due_at <= now() order by r.chat_due_at limit 50`,
    );
    const opened = await Promise.all(waiting.map((chat) => this.openChat(chat)));
    return opened.filter(Boolean).length;
  }

  private async openChat(chat: WaitingChat): Promise<boolean> {
    try {
      const body = await this.chatRequest(chat);
      const access = await this.client.access(chat.account_id);
      const answer = await this.client.call(access, 'POST', '/v1/chats', body, `chat:${chat.id}`);
      const { id } = (answer.body ?? {}) as { id?: unknown };
      if ((answer.status !== 200 && answer.status !== 201) || typeof id !== 'string') {
        throw new Error(`the host answered ${answer.status}`);
      }
      await this.dataSource.manager.query('update reply set chat_id = $3 where account_id = $1 and id = $2', [
        chat.account_id,
        chat.id,
        id,
      ]);
      return true;
    } catch (error) {
      this.logger.warn(`chat of a reply not opened yet: ${(error as Error).message}`);
      await this.dataSource.manager.query(
        `update reply set chat_tries = chat_tries + 1,
                chat_due_at = now() + make_interval(secs => least(600, power(2, chat_tries)))
          where account_id = $1 and id = $2`,
        [chat.account_id, chat.id],
      );
      return false;
    }
  }

  private async chatRequest(chat: WaitingChat): Promise<HostChatRequest> {
    const { account_id, campaign_id, run } = chat;
    const content = await this.contents.content(account_id, campaign_id, run);
    const finder = await this.contents.finder(account_id, campaign_id, run, chat.list_id);
    return {
      channel_id: chat.channel_id,
      phone: chat.phone,
      campaign: { ref: `${account_id}:${campaign_id}:${run}`, name: content.name },
      message: {
        text: compose(content, finder(chat.cells)).text,
        client_ref: `${account_id}:${campaign_id}:${run}:${chat.position}`,
        sent_at: chat.sent_at?.toISOString() ?? null,
      },
      reply: { id: chat.id, text: chat.text, occurred_at: chat.occurred_at.toISOString() },
    };
  }
}
