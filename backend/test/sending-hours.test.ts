import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { nextOpen, USUAL_HOURS } from '../../contract/sending-hours.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import { startApp, type Api, type TestApp } from './app.ts';
import { zoneAt } from './clocks.ts';

/** A campaign that sends in certain hours of the day only. The clock stays as it is; the account moves under it. */
let host: TestApp;
let api: Api;
let names = 0;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
afterAll(() => host.stop());

const moveTo = (timezone: string) => host.sandbox.installs.update('romashka', { timezone });
const accepted = (): number => host.sandbox.ledger.entries('romashka').length;

async function draft(sendingHours = USUAL_HOURS): Promise<number> {
  const { id } = await api.create(`Рассылка ${(names += 1)}`);
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Здравствуйте!', sendingHours });
  const phones = [1, 2, 3].map((n) => `8912${String(names * 10 + n).padStart(7, '0')}`);
  await api.upload(id, 'main', ['Телефон', ...phones].join('\r\n')).expect(200);
  return id;
}

test('PostgreSQL knows the hours as the contract does, at every offset', async () => {
  const hours = Array.from({ length: 27 }, (_, i) => i - 12);
  const zones = hours.map((ahead) => `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`);
  for (const zone of [...zones, 'Asia/Kolkata', 'Asia/Kathmandu', 'America/St_Johns']) {
    const [{ now, wait }] = await host.database.dataSource.query(
      `select now(), hours_wait('09:00', '21:00', $1) as wait`,
      [zone],
    );
    const open = nextOpen(now.getTime(), USUAL_HOURS, zone);
    const lastMoment = nextOpen(now.getTime() + 5000, USUAL_HOURS, zone);
    // Five seconds before the end nothing new is begun.
    const expected = lastMoment > now.getTime() + 5000 ? lastMoment : open;
    // The database counts microseconds, which `now` has lost here.
    const apart = Math.abs(wait - (expected - now.getTime()) / 1000);
    expect([zone, apart <= 0.001]).toEqual([zone, true]);
  }
  const [{ none }] = await host.database.dataSource.query(`select hours_wait(null, null, null) as none`);
  expect(none).toBe(0);
});

test('outside its hours it sends nothing and says until when; when they open it goes on by itself', async () => {
  await moveTo(zoneAt(3));
  const id = await draft();
  const before = accepted();
  const preview = (await api.call('get', `/campaigns/${id}/preview`).expect(200)).body;
  const started = (await api.control(id, 'start').expect(200)).body.campaign;
  const opens = nextOpen(Date.now(), USUAL_HOURS, zoneAt(3));
  expect(new Date(started.progress.waitsUntil).getTime() - opens).toBeLessThan(1000);
  expect(preview.startAt).toBe(new Date(opens).toISOString());
  expect(Date.parse(started.progress.finishAt)).toBeGreaterThanOrEqual(opens);

  const dispatcher = host.app.get(Dispatcher);
  for (let look = 0; look < 3; look += 1) expect(await dispatcher.runOnce()).toBe(0);
  const waiting = await api.get(id);
  expect([waiting.state, waiting.progress.account.queued]).toEqual(['running', 3]);
  expect(accepted()).toBe(before);

  await moveTo(zoneAt(12));
  const sent = await api.until(id, ({ state }) => state === 'completed');
  expect(sent.progress).toMatchObject({ waitsUntil: null, account: { delivered: 3, queued: 0 } });
  expect(accepted()).toBe(before + 3);
});

test('taking the hours away lets a waiting campaign go on; Pause and Clear work while it waits', async () => {
  await moveTo(zoneAt(3));
  const id = await draft();
  await api.control(id, 'start').expect(200);
  await api.control(id, 'pause').expect(200);
  expect((await api.get(id)).progress.waitsUntil).toBeNull();
  await api.control(id, 'resume').expect(200);
  await api.change(id, { sendingHours: null });
  await api.until(id, ({ state }) => state === 'completed');

  const cleared = await draft();
  await api.control(cleared, 'start').expect(200);
  await api.control(cleared, 'clear').expect(200);
  expect(await api.get(cleared)).toMatchObject({ state: 'draft', settings: { sendingHours: USUAL_HOURS } });
});

test('hours that make no sense are refused with what to do', async () => {
  const { id, version } = await api.create('Часы');
  const { body } = await api
    .call('patch', `/campaigns/${id}`)
    .send({ version, settings: { sendingHours: { from: '21:00', to: '09:00' } } })
    .expect(422);
  expect(body.errors).toMatchObject([{ field: 'settings.sendingHours', code: 'hours_invalid' }]);
});
