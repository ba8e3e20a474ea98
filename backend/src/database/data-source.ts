import { DataSource } from 'typeorm';
import { walledDriver } from './account-wall.ts';
import { impatientSocket } from './impatient-socket.ts';
import { AccountEntity } from '../host/account.entity.ts';
import { InstallationEntity } from '../host/installation.entity.ts';
import { CampaignEntity } from '../campaigns/campaign.entity.ts';
import { CampaignSettingsEntity } from '../campaigns/campaign-settings.entity.ts';
import { CampaignEventEntity } from '../campaigns/campaign-event.entity.ts';
import { ListEntity } from '../lists/list.entity.ts';
import { ListFileEntity } from '../lists/list-file.entity.ts';
import { StopListEntity } from '../stop-list/stop-list.entity.ts';
import { Initial1764000000000 } from './migrations/1764000000000-initial.ts';
import { CsvCell1764000100000 } from './migrations/1764000100000-csv-cell.ts';
import { MessageDoubt1764000200000 } from './migrations/1764000200000-message-doubt.ts';
import { ListReading1764000210000 } from './migrations/1764000210000-list-reading.ts';
import { Erasure1764000400000 } from './migrations/1764000400000-erasure.ts';
import { ChatsAndStarts1764000410000 } from './migrations/1764000410000-chats-and-starts.ts';
import { ProviderKeys1764000500000 } from './migrations/1764000500000-provider-keys.ts';
import { RunList1764000300000 } from './migrations/1764000300000-run-list.ts';
import { DispatchLeases1764000600000 } from './migrations/1764000600000-dispatch-leases.ts';
import { Correction1764000700000 } from './migrations/1764000700000-correction.ts';
import { NoCsvCell1764000710000 } from './migrations/1764000710000-no-csv-cell.ts';
import { UnknownMessage1764000800000 } from './migrations/1764000800000-unknown-message.ts';
import { SendAttempt1764000810000 } from './migrations/1764000810000-send-attempt.ts';
import { EndGrants1764000820000 } from './migrations/1764000820000-end-grants.ts';
import { ChannelLimit1764000830000 } from './migrations/1764000830000-channel-limit.ts';
import { SecretRotation1764000900000 } from './migrations/1764000900000-secret-rotation.ts';
import { EventFeed1764001100000 } from './migrations/1764001100000-event-feed.ts';
import { EventRate1764001200000 } from './migrations/1764001200000-event-rate.ts';
import { AccountWall1764001400000 } from './migrations/1764001400000-account-wall.ts';
import { SendingHours1764001410000 } from './migrations/1764001410000-sending-hours.ts';
import { RunGroups1764001420000 } from './migrations/1764001420000-run-groups.ts';
import { HostCalls1764001440000 } from './migrations/1764001440000-host-calls.ts';
import { Chatwoot1764001450000 } from './migrations/1764001450000-chatwoot.ts';
import { RecipientHours1764001430000 } from './migrations/1764001430000-recipient-hours.ts';

/**
 * A pool of connections, for the app, the command line and the tests. Large tables have no entity: their SQL is code.
 * @param waitMs how long one may wait for a connection, be it to come free or to be made
 * @param silenceMs for quick work: a connection on which the server says nothing for so long is broken off
 */
export function createDataSource(
  url: string,
  poolSize: number,
  waitMs = 10_000,
  silenceMs: number | null = null,
): DataSource {
  return new DataSource({
    type: 'postgres',
    driver: walledDriver,
    url,
    poolSize,
    applicationName: 'mass-messaging',
    connectTimeoutMS: waitMs,
    extra: silenceMs === null ? {} : impatience(silenceMs),
    synchronize: false,
    migrationsTableName: 'migration',
    migrations: [
      Initial1764000000000,
      CsvCell1764000100000,
      MessageDoubt1764000200000,
      ListReading1764000210000,
      RunList1764000300000,
      Erasure1764000400000,
      ChatsAndStarts1764000410000,
      ProviderKeys1764000500000,
      DispatchLeases1764000600000,
      Correction1764000700000,
      NoCsvCell1764000710000,
      UnknownMessage1764000800000,
      SendAttempt1764000810000,
      EndGrants1764000820000,
      ChannelLimit1764000830000,
      SecretRotation1764000900000,
      EventFeed1764001100000,
      EventRate1764001200000,
      AccountWall1764001400000,
      SendingHours1764001410000,
      RunGroups1764001420000,
      RecipientHours1764001430000,
      HostCalls1764001440000,
      Chatwoot1764001450000,
    ],
    entities: [
      AccountEntity,
      InstallationEntity,
      CampaignEntity,
      CampaignSettingsEntity,
      CampaignEventEntity,
      ListEntity,
      ListFileEntity,
      StopListEntity,
    ],
    // A broken idle connection is replaced by the pool; without this listener it would end the process.
    poolErrorHandler: () => undefined,
  });
}

/** The server, too, must learn of it: what a lost connection has locked would stay locked for hours. */
function impatience(silenceMs: number) {
  return {
    stream: () => impatientSocket(silenceMs),
    idle_in_transaction_session_timeout: silenceMs * 2,
  };
}

/** Any number that no other part of the product locks on. */
const MIGRATION_LOCK = 4_021_974;

/** Runs what is missing, one process at a time. @returns the names of the migrations run */
export async function migrate(dataSource: DataSource): Promise<string[]> {
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const done = await dataSource.runMigrations({ transaction: 'each' });
    return done.map(({ name }) => name);
  } finally {
    await lock.query('select pg_advisory_unlock($1)', [MIGRATION_LOCK]).catch(() => undefined);
    await lock.release();
  }
}
