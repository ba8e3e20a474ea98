/**
 * Messages of which nobody knows whether they arrived are looked up at their provider by our reference:
 *
 *   unknown ──some time──▶ asked about ──known there──▶ sent, failed, delivered or read
 *      ▲                       │  │ not known there, for the last time
 *      └──a longer time────────┘  └──────────────────▶ unknown for good, with a word for the person who decides
 *
 * Never sent again: that a provider does not know it is no proof that it never will.
 */
import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { DataSource } from 'typeorm';
import { rowsOf } from '../database/rows.ts';
import { maskPhones } from '../error.filter.ts';
import { PerAccount, type Look } from '../per-account.ts';
import { GATEWAYS } from '../tokens.ts';
import { DispatchDatabase } from './dispatch-database.ts';
import type { Gateways, LookUp } from './gateway.ts';
import { referenceOf } from './names.ts';
import { record } from './record.ts';
import {
  CANNOT_TELL,
  CLAIM_LOOKS,
  DUE_ACCOUNTS,
  NEVER_KNOWN,
  NOT_KNOWN_YET,
  PAUSES,
  PUT_OFF_ACCOUNT,
  SETTLED,
  type UnknownMessage,
} from './unknown-messages.ts';

const LOOK_MS = 2000;
/** Accounts at once, and messages of one account at once: more would only crowd one host. */
const ACCOUNTS_AT_ONCE = 20;
const MESSAGES_AT_ONCE = 4;

@Injectable()
export class UnknownLookUp implements BeforeApplicationShutdown {
  private readonly logger = new Logger(UnknownLookUp.name);
  private readonly accounts = new PerAccount(ACCOUNTS_AT_ONCE, (error) =>
    this.warn('looking up unknown messages', error),
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly database: DispatchDatabase,
    @Inject(GATEWAYS) private readonly gateways: Gateways,
  ) {}

  /** Does not wait for the providers: an account that is still at work is left alone until it is done. */
  @Interval(LOOK_MS)
  tick(): void {
    this.accounts.wake(this.look);
  }

  /** @returns how many messages were settled */
  runOnce(): Promise<number> {
    return this.accounts.runOnce(this.look);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.accounts.stop();
  }

  private readonly look: Look = async (busy) => {
    const due = await rowsOf<{ account_id: number }>(this.dataSource.manager, DUE_ACCOUNTS, [busy]);
    return { accounts: due.map((each) => each.account_id), work: (accountId) => this.lookUpAll(accountId) };
  };

  /** All that are due, a few at a time; a provider that does not say ends it for now. */
  private async lookUpAll(accountId: number): Promise<number> {
    let settled = 0;
    try {
      while (!this.accounts.stopped) {
        const claimed = await rowsOf<UnknownMessage>(this.dataSource.manager, CLAIM_LOOKS, [
          accountId,
          MESSAGES_AT_ONCE,
        ]);
        if (claimed.length === 0) break;
        const answers = await Promise.all(claimed.map((message) => this.lookUp(message)));
        settled += answers.filter((answer) => answer === 'known').length;
        if (answers.includes('cannot_tell')) {
          await this.dataSource.manager.query(PUT_OFF_ACCOUNT, [accountId]);
          break;
        }
      }
    } catch (error) {
      this.warn(`looking up unknown messages of account ${accountId}`, error);
    }
    return settled;
  }

  private async lookUp(message: UnknownMessage): Promise<LookUp['kind'] | 'settled'> {
    const { accountId, campaignId, run, position, channelId, looks } = message;
    const key = [accountId, campaignId, run, position];
    const { manager } = this.dataSource;
    const gateway = this.gateways[message.provider];
    if (!message.open || !gateway.lookUp) {
      await manager.query(SETTLED, key);
      return 'settled';
    }
    const reference = referenceOf(message, message);
    const answer = await gateway.lookUp({ accountId, channelId, reference });
    if (answer.kind === 'known') {
      await this.moveOn(message, answer);
      await manager.query(SETTLED, key);
    } else if (answer.kind === 'cannot_tell') await manager.query(CANNOT_TELL, key);
    else if (looks + 1 < PAUSES.length) await manager.query(NOT_KNOWN_YET, [...key, PAUSES[looks + 1]]);
    else await manager.query(NEVER_KNOWN, key);
    return answer.kind;
  }

  /** As any outcome: only forward, whatever a receipt has told meanwhile. */
  private async moveOn(
    { accountId, campaignId, run, position, attempt, sentAt, channelId, phone }: UnknownMessage,
    { state, providerId }: LookUp & { kind: 'known' },
  ): Promise<void> {
    const outcome = {
      ...{ accountId, campaignId, run, position, attempt, channelId, phone, state, providerId },
      inDoubt: false,
      segments: null,
      reason: state === 'failed' ? 'refused' : null,
      detail: null,
      sentAt: sentAt.getTime(),
    };
    await record(this.database, null, [outcome], []);
  }

  private warn(what: string, error: unknown): void {
    this.logger.warn(`${what}: ${maskPhones((error as Error).message)}`);
  }
}
