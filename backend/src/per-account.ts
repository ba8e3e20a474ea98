import pLimit, { type LimitFunction } from 'p-limit';

/**
 * Work for many accounts side by side, so that a host that does not answer delays only its own account: an account
 * that is still at work is left alone, the others go on.
 */
export class PerAccount {
  private readonly atWork = new Map<number, Promise<number>>();
  private readonly limit: LimitFunction;

  /** @param atOnce accounts at work at the same time: each may use a connection of the database for a moment */
  constructor(atOnce: number) {
    this.limit = pLimit(atOnce);
  }

  busy(): number[] {
    return [...this.atWork.keys()];
  }

  /** @param work answers how much it did @returns the same; 0 where the account is at work already */
  start(accountId: number, work: () => Promise<number>): Promise<number> {
    if (this.atWork.has(accountId)) return Promise.resolve(0);
    const done = this.limit(work).finally(() => this.atWork.delete(accountId));
    this.atWork.set(accountId, done);
    return done;
  }

  /** Waits for all work in hand; what fails has failed for its starter. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.atWork.values());
  }
}
