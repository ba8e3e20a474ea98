import { Global, Module } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG } from '../tokens.ts';
import type { Config } from '../config.ts';
import { createDataSource } from './data-source.ts';
import { LONG_SILENCE_MS } from './impatient-socket.ts';
import { LongWork } from './long-work.ts';

/** The second pool: for work that takes longer than a moment. The first is TypeORM's own. */
@Global()
@Module({
  providers: [
    {
      provide: LongWork,
      inject: [DataSource, CONFIG],
      useFactory: (quick: DataSource, config: Config) => openLongWork(quick, config),
    },
  ],
  exports: [LongWork],
})
export class DatabaseModule {}

/** @param quick opened already; the other connects to the same database */
export async function openLongWork(
  quick: DataSource,
  { databaseLongPoolSize, databaseLongWaitMs }: Pick<Config, 'databaseLongPoolSize' | 'databaseLongWaitMs'>,
): Promise<LongWork> {
  const { url } = quick.options as { url: string };
  const dataSource = createDataSource(url, databaseLongPoolSize, databaseLongWaitMs, LONG_SILENCE_MS);
  await dataSource.initialize();
  return new LongWork(dataSource, databaseLongPoolSize);
}
