import { afterAll, afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import type { Campaign } from '../../contract/campaign.ts';
import type { Template } from '../../contract/channel.ts';
import { ScheduledStarts } from '../src/campaigns/scheduled-starts.ts';
import { startApp, type Api, type TestApp } from './app.ts';
import { aCampaign, phoneNumber } from './factories.ts';
import { hostDouble, type HostDouble } from './host-double.ts';

/** Campaigns whose time comes while something is wrong. */
let host: TestApp;
let api: Api;
let double: HostDouble | null = null;
let names = 0;

beforeAll(async () => {
  // A call that is not answered hangs until its test lets it go.
  host = await startApp({ REQUEST_TIMEOUT_MS: '60000' });
  api = host.as('romashka');
});
afterEach(async () => {
  await double?.close();
  double = null;
});
afterAll(() => host.stop());

const sql = <Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
  host.database.dataSource.query(text, values);

async function until(what: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await what())) await new Promise((resume) => setTimeout(resume, 20));
}

/** Set up and waiting for a time that is still to come. */
async function scheduled(settings = {}): Promise<Campaign> {
  const { id } = await api.create(`Рассылка ${(names += 1)}`);
  const at = new Date(Date.now() + (3 * 60 + 60) * 60_000).toISOString().slice(0, 16);
  await api.change(id, {
    method: 'sms',
    channelId: 'sms-romashka',
    text: 'Здравствуйте!',
    ratePerMinute: 300,
    schedule: { kind: 'at', at },
    ...settings,
  });
  await api.upload(id, 'main', 'Телефон;Имя\r\n89121110001;Анна\r\n').expect(200);
  return (await api.control(id, 'start').expect(200)).body.campaign;
}

/** Its time has come, so many minutes ago: the clock of the running app finds it by itself. */
async function comeDue({ id }: Campaign, minutesAgo = 0): Promise<void> {
  await sql(
    `update campaign set scheduled_for = date_trunc('second', now()) - make_interval(mins => $2) where account_id = 1 and id = $1`,
    [id, minutesAgo],
  );
}

async function manyDue(accountId: number, count: number, channelId: string): Promise<void> {
  for (let i = 0; i < count; i += 1) {
    const phones = [phoneNumber(accountId * 1000 + i)];
    const { campaignId } = await aCampaign(host.database.dataSource, { accountId, state: 'draft', phones });
    await sql('update campaign_settings set channel_id = $3 where account_id = $1 and campaign_id = $2', [
      accountId,
      campaignId,
      channelId,
    ]);
  }
  await sql(
    `update campaign c set state = 'scheduled', scheduled_for = date_trunc('second', now()) - make_interval(secs => $2)
       from campaign_settings s where s.account_id = c.account_id and s.campaign_id = c.id and s.created_by = 'test' and c.account_id = $1`,
    [accountId, accountId === 2 ? 60 : 1],
  );
}

test('fifty campaigns of a host that does not answer delay nobody else’s, of which more than a batch start in one look', async () => {
  double = await hostDouble(host, 2);
  await manyDue(2, 50, 'sms-vasilek');
  await until(() => double!.asked.length > 0);
  await manyDue(1, 60, 'sms-romashka');
  await until(
    async () => (await sql(`select 1 from run where account_id = 1 and started_by = 'system'`)).length === 60,
  );
  expect(double.asked.length).toBeLessThanOrEqual(4);
  expect(await sql(`select 1 from campaign where account_id = 2 and state = 'scheduled'`)).toHaveLength(50);
  await sql(`update campaign set state = 'draft', scheduled_for = null where account_id = 2`);
});

test('nothing is locked while the host is asked, and what changed meanwhile is looked at anew', async () => {
  const campaign = await scheduled();
  double = await hostDouble(host, 1);
  const { asked } = double;
  await comeDue(campaign);
  await until(() => asked.length === 1);
  await api.change(campaign.id, { name: 'Переименована' });
  const channels = {
    data: [
      {
        id: 'sms-romashka',
        type: 'sms',
        name: 'ROMASHKA',
        status: 'active',
        capabilities: { replies: false },
      },
    ],
  };
  asked[0]!.response.end(JSON.stringify(channels));
  await until(() => asked.length === 2);
  expect((await api.get(campaign.id)).state).toBe('scheduled');
  asked[1]!.response.end(JSON.stringify(channels));
  await api.until(campaign.id, ({ state }) => state !== 'scheduled');
  const [run] = await sql<{ content: { name: string } }>(
    'select content from run where account_id = 1 and campaign_id = $1',
    [campaign.id],
  );
  expect(run!.content.name).toBe('Переименована');
});

test('a campaign whose template is not approved at its time becomes a draft that says so, until it is put right', async () => {
  const channelId = 'wa-romashka-sales';
  const { body } = await api.call('get', `/channels/${channelId}/templates`).expect(200);
  const of = (status: string) => (body.data as Template[]).find((template) => template.status === status)!;
  const good = of('approved');
  const bindings = Object.fromEntries(good.variables.map(({ key }) => [key, { kind: 'text', text: 'x' }]));
  const campaign = await scheduled({ method: 'waba', channelId, templateId: good.id, bindings });
  expect(campaign.notStarted).toBeNull();
  const useTemplate = (id: string) =>
    sql('update campaign_settings set template_id = $2 where account_id = 1 and campaign_id = $1', [
      campaign.id,
      id,
    ]);
  await useTemplate(of('paused').id);
  await comeDue(campaign);
  const draft = await api.until(campaign.id, ({ state }) => state !== 'scheduled');
  expect(draft).toMatchObject({
    state: 'draft',
    progress: { run: 0 },
    notStarted: {
      at: expect.any(String),
      obstacles: [{ field: 'templateId', code: 'template_not_approved' }],
    },
  });
  expect(draft.lists).toHaveLength(1);
  const { body: history } = await api.call('get', `/campaigns/${campaign.id}/history`).expect(200);
  expect(history.data[0]).toMatchObject({ by: 'system', to: 'draft', reason: 'not_ready' });
  await useTemplate(good.id);
  await api.change(campaign.id, { schedule: { kind: 'now' } });
  await api.control(campaign.id, 'start').expect(200);
  const started = await api.until(campaign.id, ({ state }) => state === 'completed');
  expect(started).toMatchObject({ notStarted: null, progress: { run: 1, account: { queued: 0 } } });
});

test.each([
  [14, 'completed', null],
  [16, 'paused', 'missed_start'],
])('a start found %d minutes late: %s', async (minutes, state, pauseReason) => {
  const campaign = await scheduled();
  await comeDue(campaign, minutes);
  const found = await api.until(
    campaign.id,
    (each) => each.state !== 'scheduled' && each.state !== 'running',
  );
  expect(found).toMatchObject({ state, pauseReason });
  if (state === 'paused') {
    await api.control(campaign.id, 'resume').expect(200);
    await api.until(campaign.id, (each) => each.state === 'completed');
  }
});

test('a host that does not answer is asked again, and after a quarter of an hour the campaign is a draft that says so', async () => {
  const campaign = await scheduled();
  double = await hostDouble(host, 1);
  const { asked } = double;
  const refuse = () => asked.splice(0).forEach(({ response }) => response.writeHead(503).end());
  await comeDue(campaign);
  for (let time = 0; time < 2; time += 1) {
    await until(() => asked.length > 0);
    refuse();
  }
  expect((await api.get(campaign.id)).state).toBe('scheduled');
  const late = new Date(Date.now() + 16 * 60_000);
  await until(async () => {
    refuse();
    void host.app.get(ScheduledStarts).runOnce(late);
    return (await api.get(campaign.id)).state !== 'scheduled';
  });
  expect(await api.get(campaign.id)).toMatchObject({
    state: 'draft',
    notStarted: { obstacles: [{ code: 'host_unavailable' }] },
  });
});

test('while the app is switched off nothing starts; switched on again in time, it does', async () => {
  const campaign = await scheduled();
  await host.sandbox.installs.disable('romashka');
  await comeDue(campaign);
  expect(await host.app.get(ScheduledStarts).runOnce(new Date())).toBe(0);
  expect(await sql('select state from campaign where account_id = 1 and id = $1', [campaign.id])).toEqual([
    { state: 'scheduled' },
  ]);
  await host.sandbox.installs.enable('romashka');
  await api.until(campaign.id, ({ state }) => state === 'completed');
});

test('a process whose own clock is ahead starts nothing before its time by the clock that all share', async () => {
  const later = await scheduled();
  const due = await scheduled();
  jest.useFakeTimers({
    now: Date.now() + 90 * 60_000,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
  try {
    await comeDue(due);
    const started = () => sql('select 1 from run where account_id = 1 and campaign_id = $1', [due.id]);
    await until(async () => (await started()).length > 0);
  } finally {
    jest.useRealTimers();
  }
  expect((await api.get(later.id)).state).toBe('scheduled');
});
