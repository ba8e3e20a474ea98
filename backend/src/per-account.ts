import pLimit, { type LimitFunction } from 'p-limit';

/** What a round does: for which accounts something is due, and what is to be done for each; it answers how much it did. */
export interface Round {
  accounts: number[];
  work(accountId: number): Promise<number>;
}

/** @param busy accounts that are still at work, to be left alone */
export type Look = (busy: number[]) => Promise<Round>;

/**
 * Work for many accounts side by side, in rounds, so that a host that does not answer delays only its own account: an
 * account that is still at work is left alone, the others go on.
 */
export class PerAccount {
  private readonly atWork = new Map<number, Promise<number>>();
  private readonly limit: LimitFunction;
  private readonly onFailure: (error: unknown) => void;
  private looking: Promise<unknown> | null = null;
  private isStopped = false;

  /**
   * @param atOnce accounts at work at the same time: each may use a connection of the database for a moment
   * @param onFailure hears why a look by `wake` came to nothing
   */
  constructor(atOnce: number, onFailure: (error: unknown) => void) {
    this.limit = pLimit(atOnce);
    this.onFailure = onFailure;
  }

  get stopped(): boolean {
    return this.isStopped;
  }

  /** Begins a round, unless one is just looking, and does not wait for its work. */
  wake(look: Look): void {
    if (this.isStopped || this.looking) return;
    this.looking = this.begin(look)
      .catch(this.onFailure)
      .finally(() => (this.looking = null));
  }

  /** @returns how much was done, when all of the round's work is */
  async runOnce(look: Look): Promise<number> {
    const done = await Promise.all(await this.begin(look));
    return done.reduce((sum, each) => sum + each, 0);
  }

  /** Begins nothing more and waits for all work in hand; what fails has failed for its starter. */
  async stop(): Promise<void> {
    this.isStopped = true;
    await this.looking;
    await Promise.allSettled(this.atWork.values());
  }

  private async begin(look: Look): Promise<Promise<number>[]> {
    const { accounts, work } = await look([...this.atWork.keys()]);
    return accounts.map((accountId) => this.start(accountId, () => work(accountId)));
  }

  private start(accountId: number, work: () => Promise<number>): Promise<number> {
    if (this.atWork.has(accountId)) return Promise.resolve(0);
    const done = this.limit(work).finally(() => this.atWork.delete(accountId));
    this.atWork.set(accountId, done);
    return done;
  }
}
