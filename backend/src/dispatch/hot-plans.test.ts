import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { cloneDatabase, type TestDatabase } from '../../test/database.ts';
import { aCampaign, phoneNumber } from '../../test/factories.ts';
import { claim, grantedRows } from './claim.ts';
import { PLANS, type DispatchDatabase, type Statement } from './dispatch-database.ts';
import { standing } from './leases.ts';
import { record } from './record.ts';

/**
 * The plan of a hot statement is made once for each connection. Made at night, when no grant is left and the table has
 * just been vacuumed, it must not walk the tables that it finds empty then and full an hour later.
 */
interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Index Cond'?: string;
  Plans?: Plan[];
}

let database: TestDatabase;

beforeAll(async () => {
  database = await cloneDatabase();
  const phones = Array.from({ length: 50 }, (_, n) => phoneNumber(n));
  for (let n = 0; n < 5; n++) await aCampaign(database.dataSource, { phones });
  await database.dataSource.query('vacuum analyze campaign, contact, message, dispatch_grant, stop_list');
});
afterAll(() => database.drop());

test.each<[string, (hot: DispatchDatabase) => Promise<unknown>]>([
  ['claim', (hot) => claim(hot, [], '00000000-0000-0000-0000-000000000000', 1)],
  ['granted rows', (hot) => grantedRows(hot, [])],
  ['record', (hot) => record(hot, null, [], [])],
  ['standing', (hot) => standing(hot, '00000000-0000-0000-0000-000000000000', [])],
])('%s finds every row by its key', async (_name, run) => {
  const statement = await statementOf(run);
  const scans = scansOf(await planOf(statement));
  expect(scans.length).toBeGreaterThan(0);
  expect(scans.filter((scan) => !scan['Index Cond'])).toEqual([]);
});

async function statementOf(run: (hot: DispatchDatabase) => Promise<unknown>): Promise<Statement> {
  const seen: Statement[] = [];
  const recording = {
    rows: (statement: Statement) => {
      seen.push(statement);
      return Promise.resolve([]);
    },
  };
  await run(recording as unknown as DispatchDatabase);
  return seen[0]!;
}

async function planOf({ text }: Statement): Promise<Plan> {
  const runner = database.dataSource.createQueryRunner();
  try {
    await runner.query(PLANS);
    await runner.query(`prepare hot as ${text}`);
    const [{ count }] = await runner.query(
      `select cardinality(parameter_types) as count from pg_prepared_statements where name = 'hot'`,
    );
    const values = Array.from({ length: count }, () => 'null').join(', ');
    const [row] = await runner.query(`explain (format json) execute hot (${values})`);
    await runner.query('deallocate hot');
    return row['QUERY PLAN'][0].Plan;
  } finally {
    await runner.query('reset all');
    await runner.release();
  }
}

function scansOf(plan: Plan): Plan[] {
  const below = (plan.Plans ?? []).flatMap(scansOf);
  return plan['Relation Name'] && plan['Node Type'].includes('Scan') ? [plan, ...below] : below;
}
