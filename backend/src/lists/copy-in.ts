import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/**
 * A COPY … FROM STDIN under way on a connection, which does nothing else until it has ended or failed. Danger: where the
 * connection breaks, the stream says so once and then forgets whom it would have to call back.
 */
export class CopyIn {
  private readonly stream: ReturnType<typeof copyFrom>;
  private readonly done: Promise<void>;
  private broken = false;

  constructor(client: PoolClient, sql: string) {
    this.stream = client.query(copyFrom(sql));
    this.done = new Promise((resolve, reject) => {
      this.stream.once('finish', resolve);
      // For good: an error that nobody listens to would end the process.
      this.stream.on('error', (error) => {
        this.broken = true;
        reject(error);
      });
    });
    this.done.catch(() => undefined);
  }

  /** Settles when the database has taken the chunk, so that memory stays flat. */
  write(chunk: Uint8Array): Promise<void> {
    if (this.broken) return this.done;
    const taken = new Promise<void>((resolve, reject) => {
      this.stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
    return Promise.race([taken, this.done]);
  }

  async end(): Promise<void> {
    if (!this.broken) this.stream.end();
    await this.done;
  }

  /** The transaction is then good for a rollback only. */
  async fail(error: Error): Promise<void> {
    if (!this.broken) this.stream.destroy(error);
    await this.done.catch(() => undefined);
  }
}
