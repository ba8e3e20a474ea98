import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Campaign } from '../../contract/campaign.ts';
import { startApp, type Api, type TestApp } from './app.ts';

/** A limit that the host declares for a channel, from its list of channels to the campaign's page. */
let host: TestApp;
let api: Api;
let names = 0;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
afterAll(() => host.stop());
beforeEach(() => declare(null));

const limits = (): Promise<{ account_id: number; channel_id: string; per_minute: number }[]> =>
  host.database.dataSource.query(
    'select account_id, channel_id, per_minute from channel_limit order by 1, 2',
  );

async function declare(perSecond: number | null, tenant = 'romashka', id = 'sms-romashka'): Promise<void> {
  const response = await fetch(`${host.sandbox.url}/sandbox/channels`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenant, id, limits: perSecond === null ? null : { per_second: perSecond } }),
  });
  expect(response.status).toBe(200);
}

async function started(ratePerMinute: number, rows = 40): Promise<Campaign> {
  const { id } = await api.create(`Рассылка ${(names += 1)}`);
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Здравствуйте!', ratePerMinute });
  const phones = Array.from({ length: rows }, (_, i) => `8912${String(names * 1000 + i).padStart(7, '0')}`);
  await api.upload(id, 'main', ['Телефон', ...phones].join('\r\n')).expect(200);
  return (await api.control(id, 'start').expect(200)).body.campaign;
}

test('what the host declares is kept whenever its channels are read, and forgotten when it is taken back', async () => {
  await declare(0.5);
  await declare(2, 'vasilek', 'sms-vasilek');
  const { body } = await api.call('get', '/channels').expect(200);
  const of = (id: string) => body.data.find((channel: { id: string }) => channel.id === id);
  expect(of('sms-romashka').limitPerMinute).toBe(30);
  expect(of('wa-romashka-sales').limitPerMinute).toBeNull();
  await host.as('vasilek').call('get', '/channels').expect(200);
  expect((await limits()).map(({ channel_id, per_minute }) => [channel_id, per_minute])).toEqual([
    ['sms-romashka', 30],
    ['sms-vasilek', 120],
  ]);
  await declare(null);
  await api.call('get', '/channels').expect(200);
  expect((await limits()).map(({ channel_id }) => channel_id)).toEqual(['sms-vasilek']);
});

test('a campaign that its channel holds back says so, and when it will be done; the others say nothing', async () => {
  await declare(0.5);
  const slow = await started(3);
  expect(slow.progress.channelPace).toBeNull();
  const fast = await started(300);
  const { channelPace, finishAt } = fast.progress;
  expect(channelPace).toMatchObject({ limit: 30, campaigns: 2 });
  expect(channelPace!.perMinute).toBeGreaterThan(25);
  expect(channelPace!.perMinute).toBeLessThan(27);
  // 40 messages at 300 a minute would be gone in 8 seconds.
  expect(Date.parse(finishAt!) - Date.now()).toBeGreaterThan(60_000);
  for (const { id } of [slow, fast]) await api.control(id, 'pause').expect(200);
  const { body } = await api.call('get', `/campaigns/${fast.id}`).expect(200);
  expect(body.progress.channelPace).toBeNull();
});

test('a test message takes its place in the channel, too', async () => {
  const { id } = await api.create('Проба');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Здравствуйте!' });
  await declare(0.05);
  const send = () => api.call('post', `/campaigns/${id}/test-message`).send({ phone: '+79120000001' });
  await send().expect(200);
  expect((await send().expect(503)).body.code).toBe('channel_at_limit');
  await declare(null);
  await send().expect(200);
});
