import { Logger } from '@nestjs/common';
import { maskPhones } from '../error.filter.ts';
import type { Attempts } from './attempts.ts';
import type { DispatchDatabase } from './dispatch-database.ts';
import { record, type GrantEnd, type Outcome } from './record.ts';

/** Outcomes in one statement. More would hold its locks for longer; the rest follows at once. */
const AT_ONCE = 5000;

/** SQLSTATE classes of what is wrong with a value: the same statement would fail for ever. */
const WRONG_VALUE = /^2[23]/;

/**
 * Outcomes collected in memory and written in batches. They are kept until the database has taken them: a lost
 * connection repeats the batch, and one value that PostgreSQL refuses does not hold up the others.
 */
export class OutcomeBook {
  private readonly logger = new Logger(OutcomeBook.name);
  private outcomes: Outcome[] = [];
  private endings: (GrantEnd & { hasAttempts: boolean })[] = [];
  private writing: Promise<void> | null = null;
  private urgent = false;

  constructor(
    private readonly database: DispatchDatabase,
    private readonly owner: string,
    private readonly attempts: Pick<Attempts, 'forget'>,
  ) {}

  get isEmpty(): boolean {
    return this.outcomes.length === 0 && this.endings.length === 0;
  }

  /** Something in it should not wait: until it is written it would be in doubt if this process died. */
  get isUrgent(): boolean {
    return this.urgent;
  }

  add(outcome: Outcome, isUrgent = false): void {
    this.outcomes.push(outcome);
    this.urgent ||= isUrgent;
  }

  /** Of a grant whose outcomes have all been added. */
  end(ending: GrantEnd & { hasAttempts: boolean }): void {
    this.endings.push(ending);
  }

  /** Writes what has been collected so far. Never rejects. */
  flush(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => (this.writing = null));
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    // In the order of their keys: what stands on one page is written together, which saves a third of the cost.
    this.outcomes.sort(byKey);
    this.urgent = false;
    while (!this.isEmpty) {
      const outcomes = this.outcomes.splice(0, AT_ONCE);
      // A grant ends with or after the last of its outcomes, never before.
      const endings = this.outcomes.length === 0 ? this.endings.splice(0) : [];
      try {
        await this.write(outcomes, endings);
      } catch (error) {
        const { message } = error as Error;
        this.logger.warn(`recording ${outcomes.length} outcomes failed, kept: ${maskPhones(message)}`);
        this.outcomes.unshift(...outcomes);
        this.endings.unshift(...endings);
        return;
      }
      await this.forgetAttempts(endings.filter(({ hasAttempts }) => hasAttempts));
    }
  }

  /** What stays behind does no harm but a doubt too many. */
  private async forgetAttempts(endings: readonly GrantEnd[]): Promise<void> {
    await this.attempts
      .forget(endings)
      .catch((error: unknown) => this.logger.warn(`attempts stay: ${maskPhones(String(error))}`));
  }

  private async write(outcomes: readonly Outcome[], endings: readonly GrantEnd[]): Promise<void> {
    try {
      await record(this.database, this.owner, outcomes, endings);
    } catch (error) {
      if (!WRONG_VALUE.test(String((error as { code?: unknown }).code))) throw error;
      await this.writeApart(outcomes);
      await record(this.database, this.owner, [], endings);
    }
  }

  /** Halves until the value that is refused stands alone; then without what a provider wrote. */
  private async writeApart(outcomes: readonly Outcome[]): Promise<void> {
    if (outcomes.length === 1) return this.writeBare(outcomes[0]!);
    const middle = outcomes.length >> 1;
    await this.write(outcomes.slice(0, middle), []);
    await this.write(outcomes.slice(middle), []);
  }

  private async writeBare(outcome: Outcome): Promise<void> {
    this.logger.error(
      `an outcome of ${outcome.accountId}:${outcome.campaignId} cannot be stored as it came, its words are left out`,
    );
    const { reason } = outcome;
    const plain = reason !== null && /^[\w.-]{1,100}$/.test(reason) ? reason : null;
    await record(
      this.database,
      this.owner,
      [{ ...outcome, reason: plain, detail: null, providerId: null }],
      [],
    );
  }
}

function byKey(a: Outcome, b: Outcome): number {
  return a.accountId - b.accountId || a.campaignId - b.campaignId || a.run - b.run || a.position - b.position;
}
