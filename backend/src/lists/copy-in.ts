import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A COPY … FROM STDIN under way on a connection, which does nothing else until it has ended or failed. */
export class CopyIn {
  private readonly stream: ReturnType<typeof copyFrom>;
  private readonly done: Promise<void>;

  constructor(client: PoolClient, sql: string) {
    this.stream = client.query(copyFrom(sql));
    this.done = new Promise((resolve, reject) => {
      this.stream.once('finish', resolve);
      this.stream.once('error', reject);
    });
    this.done.catch(() => undefined);
  }

  /** Settles when the database has taken the chunk, so that memory stays flat. */
  write(chunk: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.write(chunk, (error) => (error ? reject(error) : resolve()));
    });
  }

  async end(): Promise<void> {
    this.stream.end();
    await this.done;
  }

  /** The transaction is then good for a rollback only. */
  async fail(error: Error): Promise<void> {
    this.stream.destroy(error);
    await this.done.catch(() => undefined);
  }
}
