import { performance } from 'node:perf_hooks';
import type { DataSource } from 'typeorm';
import { settleDown, withDatabase } from './bench-database.ts';
import type { Figures } from './figures.ts';
import { fillQueue } from './filled-queue.ts';
import { median, ROUNDS } from './rounds.ts';

const CAMPAIGNS = 2000;
const MESSAGES = 300_000;
const BATCH = 1000;
/** Of each campaign in a batch, as grants bring them. */
const GRANT = 5;

/** What is told of a message, one after the other. */
const STEPS = ['sent', 'delivered', 'read'] as const;
type Step = (typeof STEPS)[number];

interface Way {
  name: string;
  prepare: string;
  write: Record<Step, string>;
  /** The account of one campaign: how many messages are in which state. */
  account: string;
  tables: string[];
}

const BATCH_OF = `unnest($1::int[], $2::int[], $3::int[], $4::timestamptz[]) as o (account_id, campaign_id, position, at)`;

/** The statements of `record.ts` and `apply-receipts.ts`, reduced to the one write in question. */
const IN_PLACE = (set: string, state: Step) => `
  update message m set state = '${state}', ${set} = coalesce(m.${set}, o.at), reason = null, detail = null
    from ${BATCH_OF}
   where m.account_id = o.account_id and m.campaign_id = o.campaign_id and m.run = 1 and m.position = o.position
     and m.state < '${state}'`;

const APPEND = (state: Step) => `
  insert into outcome (account_id, campaign_id, run, position, state, at, reason, detail)
  select account_id, campaign_id, 1, position, '${state}', at, null, null from ${BATCH_OF}`;

const OUTCOME_TABLE = `
  drop table if exists outcome;
  create table outcome (account_id integer not null, campaign_id integer not null, run integer not null,
    position integer not null, state message_state not null, at timestamptz not null, reason text, detail text)`;

const APPENDED = {
  write: { sent: APPEND('sent'), delivered: APPEND('delivered'), read: APPEND('read') },
  account: `
    select coalesce(o.state, m.state) as state, count(*)
      from message m
      left join (select position, max(state) as state from outcome
                  where account_id = $1 and campaign_id = $2 and run = 1 group by position) o using (position)
     where m.account_id = $1 and m.campaign_id = $2 and m.run = 1 group by 1`,
};

const WAYS: Way[] = [
  {
    name: 'in place',
    prepare: 'select 1',
    write: {
      sent: IN_PLACE('sent_at', 'sent'),
      delivered: IN_PLACE('delivered_at', 'delivered'),
      read: IN_PLACE('read_at', 'read'),
    },
    account: `select state, count(*) from message where account_id = $1 and campaign_id = $2 and run = 1 group by 1`,
    tables: ['message'],
  },
  {
    ...APPENDED,
    name: 'appended',
    prepare: `${OUTCOME_TABLE}; create index on outcome (account_id, campaign_id, run, position)`,
    tables: ['message', 'outcome'],
  },
  {
    // The least that appending can cost; without an index no campaign's outcomes could be found again.
    ...APPENDED,
    name: 'appended, no index',
    prepare: OUTCOME_TABLE,
    tables: ['message', 'outcome'],
  },
];

interface Cost {
  /** Per message and step. */
  microseconds: Record<Step, number>;
  walBytes: Record<Step, number>;
  accountMs: number;
  bytes: number;
}

/** Whether an outcome is written into its message's row or appended beside it. */
export async function outcomesBench(figures: Figures): Promise<void> {
  await withDatabase(async ({ dataSource }) => {
    const costs = new Map(WAYS.map((way) => [way, [] as Cost[]]));
    for (let round = 1; round <= ROUNDS; round++)
      for (const way of WAYS) costs.get(way)!.push(await measure(dataSource, way));
    const rows = WAYS.map((way) => ({ way: way.name, ...middle(costs.get(way)!) }));
    console.table(rows);
    const [inPlace, appended] = rows as unknown as [Summary, Summary];
    // In place costs more to write and less to keep and to read; past these limits the choice is to be made anew.
    figures.atMost('in-place-time-to-appended', inPlace['us, all'] / appended['us, all'], 2, 'x');
    figures.atMost('in-place-wal-to-appended', inPlace['WAL B, all'] / appended['WAL B, all'], 1.25, 'x');
    figures.atMost('in-place-disk-to-appended', inPlace['disk B'] / appended['disk B'], 1, 'x');
    figures.atMost('in-place-account-to-appended', inPlace['account ms'] / appended['account ms'], 1, 'x');
  });
}

async function measure(dataSource: DataSource, way: Way): Promise<Cost> {
  await fillQueue(dataSource, { campaigns: CAMPAIGNS, messagesEach: MESSAGES / CAMPAIGNS });
  await dataSource.query(way.prepare);
  const batches = await batchesOf(dataSource);
  const microseconds = {} as Cost['microseconds'];
  const walBytes = {} as Cost['walBytes'];
  for (const step of STEPS) {
    await dataSource.query('checkpoint');
    const wal = await walPosition(dataSource);
    const began = performance.now();
    for (const batch of batches) await dataSource.query(way.write[step], batch);
    microseconds[step] = ((performance.now() - began) * 1000) / MESSAGES;
    walBytes[step] = ((await walPosition(dataSource)) - wal) / MESSAGES;
  }
  await settleDown(dataSource, ...way.tables);
  return {
    microseconds,
    walBytes,
    accountMs: await accountMs(dataSource, way),
    bytes: await diskBytes(dataSource, way),
  };
}

/** Five messages of each of 200 campaigns at a time, as claims hand them out. Every step in this order. */
async function batchesOf(dataSource: DataSource): Promise<unknown[][]> {
  const keys = (await dataSource.query(
    `select account_id, campaign_id, position from message
      order by (position - 1) / ${GRANT}, account_id, campaign_id, position`,
  )) as { account_id: number; campaign_id: number; position: number }[];
  const at = new Date();
  return Array.from({ length: keys.length / BATCH }, (_, n) => {
    const rows = keys.slice(n * BATCH, (n + 1) * BATCH);
    return [
      rows.map((row) => row.account_id),
      rows.map((row) => row.campaign_id),
      rows.map((row) => row.position),
      rows.map(() => at),
    ];
  });
}

async function accountMs(dataSource: DataSource, way: Way): Promise<number> {
  const campaigns = (await dataSource.query(
    'select account_id, id from campaign order by random() limit 500',
  )) as {
    account_id: number;
    id: number;
  }[];
  const began = performance.now();
  for (const { account_id, id } of campaigns) await dataSource.query(way.account, [account_id, id]);
  return (performance.now() - began) / campaigns.length;
}

async function walPosition(dataSource: DataSource): Promise<number> {
  const [row] = (await dataSource.query(
    `select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::float8 as at`,
  )) as { at: number }[];
  return row!.at;
}

/** Tables and indexes, for each message. */
async function diskBytes(dataSource: DataSource, way: Way): Promise<number> {
  const [row] = (await dataSource.query(
    'select sum(pg_total_relation_size(name::regclass))::float8 as bytes from unnest($1::text[]) name',
    [way.tables],
  )) as { bytes: number }[];
  return row!.bytes / MESSAGES;
}

function middle(costs: Cost[]) {
  const of = (value: (cost: Cost) => number) => Number(median(costs.map(value)).toFixed(2));
  const all = (record: Record<Step, number>) => record.sent + record.delivered + record.read;
  return {
    'us sent': of((cost) => cost.microseconds.sent),
    'us delivered': of((cost) => cost.microseconds.delivered),
    'us read': of((cost) => cost.microseconds.read),
    'us, all': of((cost) => all(cost.microseconds)),
    'WAL B sent': of((cost) => cost.walBytes.sent),
    'WAL B delivered': of((cost) => cost.walBytes.delivered),
    'WAL B, all': of((cost) => all(cost.walBytes)),
    'disk B': of((cost) => cost.bytes),
    'account ms': of((cost) => cost.accountMs),
  };
}

type Summary = ReturnType<typeof middle>;
