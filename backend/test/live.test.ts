import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { CampaignSchema, type Campaign } from '../../contract/campaign.ts';
import { HEARTBEAT_MS, PaceSchema, type Pace } from '../../contract/live.ts';
import type { Role } from '../../contract/session.ts';
import { LiveCampaigns } from '../src/live/live-campaigns.ts';
import { OpenStreams } from '../src/live/open-streams.ts';
import { startApp, type Api, type TestApp } from './app.ts';
import { EventReader } from './event-reader.ts';

/** A campaign as it happens: its stream, and how fast it went. */
let host: TestApp;
let api: Api;
let id: number;
let campaigns = 0;
let readers: EventReader[] = [];

beforeAll(async () => {
  host = await startApp({ LIVE_STREAMS: '4', LIVE_STREAMS_PER_ACCOUNT: '3' });
  api = host.as('romashka');
});
afterAll(() => host.stop());
beforeEach(async () => {
  ({ id } = await api.create(`Campaign ${(campaigns += 1)}`));
  await api.change(id, {
    method: 'sms',
    channelId: 'sms-romashka-number',
    text: 'Hello',
    ratePerMinute: 300,
  });
});
afterEach(async () => {
  for (const reader of readers) reader.close();
  readers = [];
  await host.database.dataSource.query(
    `update campaign set state = 'paused', pause_reason = 'user' where state = 'running'`,
  );
});

const tokenOf = (tenant: string, role: Role) =>
  host.sandbox.tokens.session(tenant, { user: `${role}-1`, role }).token;

async function open(role: Role = 'admin', tenant = 'romashka', campaign = id): Promise<EventReader> {
  const reader = await EventReader.open(host.baseUrl, tokenOf(tenant, role), campaign);
  readers.push(reader);
  return reader;
}

async function loaded(count: number, from = 1): Promise<void> {
  const phones = Array.from({ length: count }, (_, i) => `8912${String(from + i).padStart(7, '0')}`);
  await api.upload(id, 'main', ['Телефон', ...phones, 'нет'].join('\r\n')).expect(200);
}

const rowsOf = ({ progress: { account } }: Campaign) => account;

/** The parts of an account, added up. */
const sumOf = (campaign: Campaign) =>
  Object.entries(rowsOf(campaign)).reduce((sum, [part, count]) => (part === 'rows' ? sum : sum + count), 0);

describe('the stream', () => {
  test('begins with the whole campaign, as the campaign itself is answered', async () => {
    const reader = await open();
    const first = await reader.until(() => true);
    v.parse(CampaignSchema, first);
    expect({ ...first, asOf: '' }).toEqual({ ...(await api.get(id)), asOf: '' });
  });

  test('tells each role its own controls', async () => {
    await loaded(1);
    const [supervisor, viewer] = [await open('supervisor'), await open('viewer')];
    expect((await supervisor.until(() => true)).controls).toEqual(['start']);
    expect((await viewer.until(() => true)).controls).toEqual([]);
  });

  test('tells what other people change, in whichever process', async () => {
    const reader = await open('viewer');
    await reader.until(({ settings }) => settings.text === 'Hello');
    await api.change(id, { text: 'Hello again' });
    await reader.until(({ settings }) => settings.text === 'Hello again');
    await host.database.dataSource.query('update campaign set rate = 7 where account_id = 1 and id = $1', [
      id,
    ]);
    await reader.until(({ settings }) => settings.ratePerMinute === 7);
  });

  test('shows a run from its start to its end, and every time the numbers add up to the rows of the file', async () => {
    await loaded(12);
    const reader = await open('operator');
    const seen: Campaign[] = [];
    await reader.until(() => true);
    await api.control(id, 'start').expect(200);
    await reader.until((campaign) => {
      seen.push(campaign);
      return campaign.state === 'completed' && rowsOf(campaign).delivered === 12;
    });
    for (const campaign of seen) expect([rowsOf(campaign).rows, sumOf(campaign)]).toEqual([13, 13]);
    expect(seen.some(({ state, progress }) => state === 'running' && progress.account.queued > 0)).toBe(true);
    const instants = seen.map(({ asOf }) => asOf);
    expect(instants).toEqual([...instants].sort());
  });

  test('ends when the campaign is removed', async () => {
    const reader = await open();
    await reader.until(() => true);
    await api.call('delete', `/campaigns/${id}`).expect(204);
    await reader.end();
    expect((await open()).status).toBe(404);
  });

  test('ends when the app is switched off in the account, and another account’s goes on', async () => {
    const strange = await host.as('vasilek').create(`Strange ${campaigns}`);
    const [ours, theirs] = [await open(), await open('admin', 'vasilek', strange.id)];
    await Promise.all([ours.until(() => true), theirs.until(() => true)]);
    await host.sandbox.installs.disable('romashka');
    await ours.end();
    expect((await open()).status).toBe(403);
    await host.sandbox.installs.enable('romashka');
    expect(theirs.ended).toBe(false);
    await host.as('vasilek').change(strange.id, { text: 'Still here' });
    await theirs.until(({ settings }) => settings.text === 'Still here');
  });

  test('shows that it is alive while it has nothing to say, and ends when its token has expired', async () => {
    const reader = await open();
    await reader.until(() => true);
    const streams = host.app.get(OpenStreams);
    streams.runOnce(Date.now() + HEARTBEAT_MS);
    await reader.untilReceived('\n\n:\n\n');
    streams.runOnce(Date.now() + 200_000);
    expect(reader.ended).toBe(false);
    streams.runOnce(Date.now() + 400_000);
    await reader.end();
  });

  test('is refused beyond the limits, and to be had again when another has ended', async () => {
    const ours = [await open(), await open(), await open()];
    const refused = await open();
    expect(refused.status).toBe(503);
    await refused.untilReceived('"code":"too_many_streams"');
    const strange = await host.as('vasilek').create(`Strange ${campaigns}`);
    const theirs = () => open('admin', 'vasilek', strange.id);
    expect([(await theirs()).status, (await theirs()).status]).toEqual([200, 503]);
    ours[0]!.close();
    while ((await open()).status === 503);
  });
});

test('however many listen, the rows are counted once', async () => {
  const live = host.app.get(LiveCampaigns);
  const told = await Promise.all(
    Array.from(
      { length: 20 },
      (_, i) =>
        new Promise<Campaign>((resolve) => {
          const stop = live.listen(
            { accountId: 1, campaignId: id },
            {
              role: i % 2 === 0 ? 'admin' : 'viewer',
              installationId: host.sandbox.identity.tenant('romashka').installation!.id,
              take: (campaign) => (stop(), resolve(JSON.parse(campaign) as Campaign)),
              end: () => undefined,
            },
          );
        }),
    ),
  );
  expect(new Set(told.map(({ asOf }) => asOf)).size).toBe(1);
});

describe('the pace', () => {
  const pace = async (status = 200) =>
    (await api.call('get', `/campaigns/${id}/pace`).expect(status)).body as Pace;

  test('is not there before the first run', async () => {
    await pace(404);
  });

  test('counts what was handed over, beside the rates that were set and the pauses', async () => {
    await loaded(300);
    await api.control(id, 'start').expect(200);
    await api.until(id, ({ progress }) => progress.account.delivered > 0);
    await api.change(id, { ratePerMinute: 60 });
    await api.control(id, 'pause').expect(200);
    await api.until(id, ({ progress }) => progress.account.sending + progress.account.sent === 0);
    // The run began five hours ago and sent for most of that time.
    await host.database.dataSource.query(
      `with shifted as (update run set started_at = now() - interval '5 h' where account_id = 1 and campaign_id = $1)
       update campaign_event set at = now() - case when action = 'start' then interval '5 h' else interval '6 h' end
        where account_id = 1 and campaign_id = $1 and action not in ('rate', 'pause')`,
      [id],
    );
    await host.database.dataSource.query(
      `update message set state = 'delivered', sent_at = now() - interval '5 h' + position * interval '60 s'
        where account_id = 1 and campaign_id = $1`,
      [id],
    );
    const seen = v.parse(PaceSchema, await pace());
    expect(seen.bucketSeconds).toBe(60);
    expect(seen.counts.length).toBeGreaterThanOrEqual(300);
    expect(seen.counts.slice(1, 290)).toEqual(Array.from({ length: 289 }, () => 1));
    expect(seen.counts.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(seen.rates.map(({ perMinute }) => perMinute)).toEqual([300, 60]);
    expect(seen.rates[0]!.at).toBe(seen.from);
    expect(seen.pauses).toEqual([{ from: seen.to, to: null }]);
  });

  test('who changed the rate of a run stands in the history', async () => {
    await loaded(50);
    await api.control(id, 'start').expect(200);
    await host.as('romashka', 'supervisor').change(id, { ratePerMinute: 30 });
    const { body } = await api.call('get', `/campaigns/${id}/history`).expect(200);
    expect(body.data[0]).toMatchObject({ action: 'rate', by: 'supervisor-1', rate: 30, to: 'running' });
    expect(body.data[1]).toMatchObject({ action: 'start', rate: 300 });
  });
});

test('streams end when the process stops', async () => {
  const own = await startApp();
  const { id: other } = await own.as('romashka').create('Ends');
  const { token } = own.sandbox.tokens.session('romashka', { user: 'a', role: 'admin' });
  const reader = await EventReader.open(own.baseUrl, token, other);
  await reader.until(() => true);
  const stopped = own.stop();
  await reader.end();
  await stopped;
});
