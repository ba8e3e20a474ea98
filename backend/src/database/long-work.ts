import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { PoolClient } from 'pg';
import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { ProblemError } from '../errors.ts';

/** As pg-pool says it when no connection came free in time. */
const NO_CONNECTION = 'timeout exceeded when trying to connect';

/**
 * The connections for work that takes longer than a moment: reports and other downloads, whose reader sets the pace,
 * uploads, and changes of whole lists. They are a pool of their own, so that however many of these come at once, the
 * dispatcher and quick requests have theirs. Who finds all taken waits a bounded time and is then told to try again.
 */
@Injectable()
export class LongWork implements OnApplicationShutdown {
  private inUse = 0;

  /** @param size the pool's connections; its own time-out is the bounded wait */
  constructor(
    private readonly dataSource: DataSource,
    private readonly size: number,
  ) {}

  /** @throws ProblemError `busy` */
  transaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    return this.withConnection((runner) => runner.manager.transaction(work));
  }

  /**
   * What fails half-way through a COPY leaves a connection that is good for nothing: see `cut`.
   * @throws ProblemError `busy`
   */
  async withConnection<T>(work: (runner: QueryRunner, client: PoolClient) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    const client = await this.connect(runner);
    this.inUse += 1;
    try {
      return await work(runner, client);
    } finally {
      this.inUse -= 1;
      await runner.release();
    }
  }

  private async connect(runner: QueryRunner): Promise<PoolClient> {
    const allTaken = () => this.inUse >= this.size;
    const wasFull = allTaken();
    try {
      return (await runner.connect()) as PoolClient;
    } catch (error) {
      // The same words come from a server that does not answer, which is another matter. One that was waited for
      // may have come free just as the wait ended.
      if ((error as Error).message === NO_CONNECTION && (wasFull || allTaken()))
        throw new ProblemError('busy');
      throw error;
    }
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.dataSource.isInitialized) await this.dataSource.destroy();
  }
}

/** Closes a connection in the middle of its work and waits until the pool knows that it must make a new one. */
export async function cut(client: PoolClient): Promise<void> {
  const { stream } = (
    client as PoolClient & {
      connection: { stream: NodeJS.WritableStream & { destroyed: boolean; destroy(): void } };
    }
  ).connection;
  if (stream.destroyed) return;
  const ended = new Promise((done) => client.once('end', done));
  stream.destroy();
  await ended;
}
