/**
 * The chats in RMO that replies are waiting for. A reply's chat:
 *
 *   due ──claimed──▶ asked for ──the host's answer──▶ open
 *    ▲                  │ refused, or no answer
 *    └──── later ◀──────┴──── still so after days ──▶ given up, and said so in the campaign's history
 *
 * The claim is on disk before the host is asked; the reply's id is the idempotency key, so that a repeat after a lost
 * answer opens no second chat.
 */
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import pLimit from 'p-limit';
import { DataSource } from 'typeorm';
import { MessengerTrouble } from '../channels/messenger.ts';
import { Messengers } from '../channels/messengers.ts';
import { rowsOf } from '../database/rows.ts';
import { compose } from '../dispatch/compose.ts';
import { RunContents } from '../dispatch/run-contents.ts';
import { maskPhones } from '../error.filter.ts';
import { ProblemError } from '../errors.ts';
import { PerAccount, type Look } from '../per-account.ts';
import {
  CLAIM_CHATS,
  DUE_ACCOUNTS,
  OPENED,
  PUT_OFF,
  PUT_OFF_ACCOUNT,
  type WaitingChat,
} from './waiting-chats.ts';

const LOOK_MS = 500;
/** Accounts at once, and chats of one account at once: more would only crowd one host. */
const ACCOUNTS_AT_ONCE = 100;
const CHATS_AT_ONCE = 4;

@Injectable()
export class ChatOpener implements BeforeApplicationShutdown {
  private readonly logger = new Logger(ChatOpener.name);
  private readonly accounts = new PerAccount(ACCOUNTS_AT_ONCE, (error) => this.warn('chats', error));

  constructor(
    private readonly dataSource: DataSource,
    private readonly messengers: Messengers,
    private readonly contents: RunContents,
  ) {}

  /** Does not wait for the hosts: an account that is still at work is left alone until it is done. */
  @Interval(LOOK_MS)
  wake(): void {
    this.accounts.wake(this.look);
  }

  /** @returns how many chats were opened */
  runOnce(): Promise<number> {
    return this.accounts.runOnce(this.look);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.accounts.stop();
  }

  private readonly look: Look = async (busy) => {
    const due = await rowsOf<{ account_id: number }>(this.dataSource.manager, DUE_ACCOUNTS, [busy]);
    return { accounts: due.map((each) => each.account_id), work: (accountId) => this.openAll(accountId) };
  };

  /** All that are due, a few at a time; the first trouble of the host itself ends it for now. */
  private async openAll(accountId: number): Promise<number> {
    const limit = pLimit(CHATS_AT_ONCE);
    let opened = 0;
    try {
      while (!this.accounts.stopped) {
        const chats = await rowsOf<WaitingChat>(this.dataSource.manager, CLAIM_CHATS, [
          accountId,
          CHATS_AT_ONCE,
        ]);
        if (chats.length === 0) break;
        const done = await Promise.all(chats.map((chat) => limit(() => this.tryToOpen(chat))));
        opened += done.filter((each) => each === 'opened').length;
        if (done.includes('host_trouble')) break;
      }
    } catch (error) {
      this.warn(`chats of account ${accountId}`, error);
    }
    return opened;
  }

  private async tryToOpen(chat: WaitingChat): Promise<'opened' | 'refused' | 'host_trouble'> {
    try {
      const chatId = await this.open(chat);
      await this.dataSource.manager.query(OPENED, [chat.account_id, chat.id, chatId]);
      return 'opened';
    } catch (error) {
      const hostTrouble = error instanceof MessengerTrouble || error instanceof ProblemError;
      const why = (error as Error).message;
      this.logger.warn(`a chat of account ${chat.account_id} is not open yet: ${maskPhones(why)}`);
      await this.dataSource.manager.query(PUT_OFF, [chat.account_id, chat.id, why]);
      if (hostTrouble) await this.dataSource.manager.query(PUT_OFF_ACCOUNT, [chat.account_id, chat.id]);
      return hostTrouble ? 'host_trouble' : 'refused';
    }
  }

  /** Through whom the message went that it answers: the account may have changed over since. */
  private async open(chat: WaitingChat): Promise<string> {
    const { account_id, campaign_id, run, list_id, cells } = chat;
    if (list_id === null || cells === null) throw new Error('the message it answers is no longer there');
    const content = await this.contents.content(account_id, campaign_id, run);
    const finder = await this.contents.finder(account_id, campaign_id, run, list_id);
    return this.messengers[content.provider ?? 'host'].openChat(account_id, {
      channel_id: chat.channel_id,
      phone: chat.phone,
      campaign: { ref: `${account_id}:${campaign_id}:${run}`, name: content.name },
      message: {
        text: compose(content, finder(cells)).text,
        client_ref: `${account_id}:${campaign_id}:${run}:${chat.position}`,
        sent_at: chat.sent_at?.toISOString() ?? null,
      },
      reply: { id: chat.id, text: chat.text, occurred_at: chat.occurred_at.toISOString() },
    });
  }

  private warn(what: string, error: unknown): void {
    this.logger.warn(`${what}: ${maskPhones((error as Error).message)}`);
  }
}
