import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import pg from 'pg';
import type { CampaignCard } from '../../contract/campaign.ts';
import { behindWall } from '../src/database/account-wall.ts';
import { createDataSource, migrate } from '../src/database/data-source.ts';
import { rowsOf } from '../src/database/rows.ts';
import { startApp, type TestApp } from './app.ts';
import { cloneDatabase, type TestDatabase } from './database.ts';

/**
 * The wall under the scoped queries (`database/account-wall.ts`): PostgreSQL itself keeps an account's request from the
 * rows of all others, also where a query has lost its scope.
 */

test('every table with rows of an account stands behind the wall', async () => {
  const database = await cloneDatabase(1);
  const open: { relname: string }[] = await database.dataSource.query(`
    select c.relname
      from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
       and (c.relname = 'account' or exists (
             select from pg_attribute a where a.attrelid = c.oid and a.attname = 'account_id' and a.attnum > 0))
       and not (c.relrowsecurity and exists (
             select from pg_policy p where p.polrelid = c.oid and p.polname = 'account_wall' and p.polcmd = '*'))`);
  await database.drop();
  expect(open).toEqual([]);
});

describe('a pool', () => {
  let database: TestDatabase;
  const ask = <Row>(sql: string, parameters: unknown[] = []) =>
    rowsOf<Row>(database.dataSource.manager, sql, parameters);
  const names = async () =>
    (await ask<{ name: string }>('select name from account order by name')).map(({ name }) => name);
  let first: number;
  let second: number;

  beforeAll(async () => {
    // One connection, so that everyone gets the one that somebody else has just had.
    database = await cloneDatabase(1);
    const made = await ask<{ id: number }>(
      `insert into account (host, external_id, name, time_zone)
       values ('h', '1', 'Ромашка', 'UTC'), ('h', '2', 'Василёк', 'UTC') returning id`,
    );
    [first, second] = made.map(({ id }) => id) as [number, number];
    await ask(
      `insert into stop_list (account_id, phone, reason, added_by)
       select id, '+79120000001', 'manual', 'u' from account`,
    );
  });
  afterAll(() => database.drop());

  test('shows each account its own rows, and everything to what works for all', async () => {
    expect(await behindWall(first, names)).toEqual(['Ромашка']);
    expect(await behindWall(second, names)).toEqual(['Василёк']);
    expect(await names()).toEqual(['Василёк', 'Ромашка']);
    expect(await behindWall(second, names)).toEqual(['Василёк']);
  });

  test('changes and deletes nothing of another account, and puts nothing there', async () => {
    await behindWall(first, async () => {
      await ask(`update stop_list set evidence = 'seen'`);
      await expect(
        ask(
          `insert into stop_list (account_id, phone, reason, added_by) values ($1, '+79120000002', 'manual', 'u')`,
          [second],
        ),
      ).rejects.toThrow('row-level security');
      await expect(ask('update stop_list set account_id = $1', [second])).rejects.toThrow(
        'row-level security',
      );
    });
    const evidence = 'select account_id, evidence from stop_list order by account_id';
    expect(await ask(evidence)).toEqual([
      { account_id: first, evidence: 'seen' },
      { account_id: second, evidence: null },
    ]);
    await behindWall(second, () => ask('delete from stop_list'));
    expect(await ask(evidence)).toEqual([{ account_id: first, evidence: 'seen' }]);
  });

  test('stands where it stood after a transaction that was rolled back', async () => {
    const broken = behindWall(first, () =>
      database.dataSource.transaction(async (manager) => manager.query('select 1/0')),
    );
    await expect(broken).rejects.toThrow('division by zero');
    expect(await behindWall(first, names)).toEqual(['Ромашка']);
    expect(await names()).toHaveLength(2);
  });

  test('keeps those behind the wall from tables that are nobody’s', async () => {
    await expect(behindWall(first, () => ask('select * from dispatch_process'))).rejects.toThrow(
      'permission denied',
    );
    await expect(behindWall(first, () => ask('delete from migration'))).rejects.toThrow('permission denied');
  });

  test('gives nobody a connection that could not be put behind the wall', async () => {
    const lost = behindWall(2 ** 31, names);
    // Not a number of an account: the policies cannot read it, and an error is not all rows.
    await expect(lost).rejects.toThrow('out of range');
    expect(await behindWall(first, names)).toEqual(['Ромашка']);
  });
});

describe('a request whose query has lost its scope', () => {
  let host: TestApp;
  beforeAll(async () => {
    host = await startApp();
    await host.as('romashka').create('Наша рассылка');
    await host.as('vasilek').create('Чужая рассылка');
    await host.as('vasilek').create('Ещё чужая');
    await host.as('vasilek').call('post', '/stop-list').send({ phone: '+79120000001' }).expect(204);
  });
  afterAll(() => host.stop());
  afterEach(() => void jest.restoreAllMocks());

  /** From here on no query asks for an account. @returns how many were robbed of their scope */
  function loseScope(): { count: number } {
    const robbed = { count: 0 };
    const asked = pg.Client.prototype.query as (...all: unknown[]) => unknown;
    jest.spyOn(pg.Client.prototype, 'query').mockImplementation(function (
      this: pg.Client,
      query: unknown,
      ...rest: unknown[]
    ) {
      if (typeof query !== 'string') return asked.call(this, query, ...rest);
      const scopeless = query.replace(/((\w+|"\w+")\.)?"?account_id"? = \(?\$1\b/g, (scope) =>
        scope.includes('(') ? '($1::int is not null and (true' : '$1::int is not null',
      );
      if (scopeless !== query) robbed.count += 1;
      return asked.call(this, scopeless, ...rest);
    } as never);
    return robbed;
  }

  test('still sees its own campaigns alone', async () => {
    const robbed = loseScope();
    // The same question from before the wall is answered with everybody's rows: the scope is really gone.
    const all = await rowsOf(
      host.database.dataSource.manager,
      'select name from campaign_settings where account_id = $1',
      [1],
    );
    expect(all).toHaveLength(3);
    const before = robbed.count;
    const { data } = (await host.as('romashka').call('get', '/campaigns').expect(200)).body as {
      data: CampaignCard[];
    };
    expect(data.map(({ name }) => name)).toEqual(['Наша рассылка']);
    expect(robbed.count).toBeGreaterThan(before);
  });

  test('does not find what only another account has', async () => {
    const robbed = loseScope();
    await host.as('romashka').call('get', '/campaigns/2').expect(404);
    await host.as('romashka').call('delete', '/campaigns/2').expect(404);
    const stopped = (await host.as('romashka').call('get', '/stop-list').expect(200)).body as {
      data: unknown[];
    };
    expect(stopped.data).toEqual([]);
    expect(robbed.count).toBeGreaterThan(0);
  });

  test('deletes its own campaign, not the one of the same number elsewhere', async () => {
    loseScope();
    await host.as('romashka').call('delete', '/campaigns/1').expect(204);
    jest.restoreAllMocks();
    await host.as('romashka').call('get', '/campaigns/1').expect(404);
    expect((await host.as('vasilek').get(1)).settings.name).toBe('Чужая рассылка');
  });
});

describe('a database of one’s own, whose role may not make roles', () => {
  const NAME = 'poor_owner';
  let database: TestDatabase;
  const admin = (sql: string) => database.dataSource.query(sql);
  beforeAll(async () => {
    database = await cloneDatabase(1);
    await admin(`create role ${NAME} login password 'poor'`);
    await admin(`create database ${NAME} owner ${NAME}`);
  });
  afterAll(async () => {
    await admin(`drop database ${NAME} with (force)`);
    await admin(`drop owned by ${NAME}`);
    await admin(`drop role ${NAME}`);
    await database.drop();
  });

  test('says what its administrator has to do, and works once that is done', async () => {
    const url = new URL(database.url);
    Object.assign(url, { username: NAME, password: 'poor', pathname: `/${NAME}` });
    const poor = await createDataSource(url.href, 2).initialize();
    try {
      await expect(migrate(poor)).rejects.toThrow(`grant mass_messaging_request to ${NAME}`);
      await admin(`grant mass_messaging_request to ${NAME}`);
      await migrate(poor);
      await poor.query(
        `insert into account (host, external_id, name, time_zone) values ('h', '1', 'a', 'UTC'), ('h', '2', 'b', 'UTC')`,
      );
      expect(await behindWall(1, () => poor.query('select name from account'))).toEqual([{ name: 'a' }]);
      expect(await poor.query('select name from account')).toHaveLength(2);
    } finally {
      await poor.destroy();
    }
  });
});
