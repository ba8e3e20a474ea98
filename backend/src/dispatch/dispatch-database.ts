import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { impatientSocket } from '../database/impatient-socket.ts';

/** A statement that is prepared once per connection: planning the claim costs a tenth of running it. */
export interface Statement {
  name: string;
  text: string;
}

/** The claim, its rows and the record may run at once; one more for taking over and staying alive. */
const CONNECTIONS = 4;

/**
 * Every hot statement reads by primary key, a few rows each. Prepared while a table is still empty, it must not be
 * planned as a scan of the whole table; a table filled by COPY has no statistics for a minute.
 */
export const PLANS = `set enable_seqscan = off; set enable_hashjoin = off; set enable_mergejoin = off; set plan_cache_mode = force_generic_plan`;

/**
 * The connections that sending goes through. They are its own: whatever else the process does, downloads and uploads
 * among it, a claim never waits for a connection. A broken one is replaced.
 */
@Injectable()
export class DispatchDatabase implements OnApplicationShutdown {
  private readonly pool: pg.Pool;

  constructor(dataSource: DataSource) {
    const { url } = dataSource.options as { url: string };
    this.pool = new pg.Pool({
      connectionString: url,
      max: CONNECTIONS,
      connectionTimeoutMillis: 5000,
      stream: () => impatientSocket(),
      application_name: 'mass-messaging-dispatch',
      onConnect: async (client) => {
        await client.query(PLANS);
      },
    });
    // Without a listener a connection that breaks while idle would end the process.
    this.pool.on('error', () => undefined);
  }

  /** @returns the rows as arrays, in the order of the statement's columns: half the cost of objects */
  async rows<Row extends unknown[]>(statement: Statement, values: unknown[]): Promise<Row[]> {
    const result = await this.pool.query<Row>({ ...statement, values, rowMode: 'array' });
    return result.rows;
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    if (!this.pool.ending) await this.pool.end();
  }
}
