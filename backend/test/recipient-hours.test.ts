import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { nextOpen, USUAL_HOURS } from '../../contract/sending-hours.ts';
import { Dispatcher } from '../src/dispatch/dispatcher.ts';
import { loadRanges } from '../src/ranges/load-ranges.ts';
import { startApp, type Api, type TestApp } from './app.ts';
import { zoneAt } from './clocks.ts';

/** A campaign that sends in certain hours of each recipient's day. The clock stays as it is; the zones move under it. */
let host: TestApp;
let api: Api;
let names = 0;

const BY_RECIPIENT = { ...USUAL_HOURS, zone: 'recipient' as const };
/** Numbers of 8 912 000 … are from the east, of 8 912 001 … from the west; nobody knows where 8 912 002 … are from. */
const [EAST, WEST, NOWHERE] = ['8912000', '8912001', '8912002'];

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
afterAll(() => host.stop());
beforeEach(async () => {
  await loadRanges(host.database.dataSource, [
    { low: 79_120_000_000, high: 79_120_009_999, zone: zoneAt(15) },
    { low: 79_120_010_000, high: 79_120_019_999, zone: zoneAt(3) },
  ]);
  await host.sandbox.installs.update('romashka', { timezone: zoneAt(1) });
});

/** The morning comes, or the evening. */
async function move(from: string, to: string): Promise<void> {
  const parameters = [from, to];
  await host.database.dataSource.query('update queue_part set zone = $2 where zone = $1', parameters);
  await host.database.dataSource.query(
    'update campaign set hours_zone = $2, owner = null where hours_zone = $1',
    parameters,
  );
}

async function draft(
  phones: readonly string[],
  settings: Parameters<Api['change']>[1] = {},
): Promise<number> {
  const { id } = await api.create(`Рассылка ${(names += 1)}`);
  await api.change(id, {
    ...{ method: 'sms', channelId: 'sms-romashka', text: 'Здравствуйте!', ratePerMinute: 300 },
    ...{ sendingHours: BY_RECIPIENT, ...settings },
  });
  await api.upload(id, 'main', ['Телефон', ...phones].join('\r\n')).expect(200);
  return id;
}

let lastNumber = 0;
const phoneIn = (place: string): string => `${place}${String((lastNumber += 1)).padStart(4, '0')}`;

const acceptedTimes = (phones: readonly string[]): number[] =>
  phones.map(
    (phone) =>
      host.sandbox.ledger.entries('romashka').filter((each) => each.phone === `+7${phone.slice(1)}`).length,
  );

test('who is asleep waits, who is awake is written to; in the morning the others are', async () => {
  const [east, west, unknown] = [phoneIn(EAST!), phoneIn(WEST!), phoneIn(NOWHERE!)];
  const id = await draft([west, unknown, east]);
  const preview = (await api.call('get', `/campaigns/${id}/preview`).expect(200)).body;
  expect(preview.startAt).toBeNull();
  const opening = [null, 3, 1].map((hour) => ({
    messages: 1,
    opensAt: hour && new Date(nextOpen(Date.now(), USUAL_HOURS, zoneAt(hour))).toISOString(),
  }));
  for (const each of opening) expect(preview.zones).toContainEqual(expect.objectContaining(each));

  await api.control(id, 'start').expect(200);
  const waiting = await api.until(id, ({ progress }) => progress.waitsUntil !== null);
  expect(waiting.progress.account).toMatchObject({ queued: 2 });
  expect(waiting.progress.waitsUntil!.slice(0, 16)).toBe(
    new Date(nextOpen(Date.now(), USUAL_HOURS, zoneAt(3))).toISOString().slice(0, 16),
  );
  expect(waiting.progress.zones?.map(({ messages }) => messages)).toEqual([1, 1]);
  expect(Date.parse(waiting.progress.finishAt!)).toBeGreaterThan(
    nextOpen(Date.now(), USUAL_HOURS, zoneAt(1)),
  );
  const dispatcher = host.app.get(Dispatcher);
  for (let look = 0; look < 3; look += 1) expect(await dispatcher.runOnce()).toBe(0);
  expect(acceptedTimes([east, west, unknown])).toEqual([1, 0, 0]);

  await move(zoneAt(3), zoneAt(10));
  await api.until(id, ({ progress }) => progress.account.queued === 1);
  // The account's own clock counts for the number that no range has.
  await host.sandbox.installs.update('romashka', { timezone: zoneAt(12) });
  const done = await api.until(
    id,
    ({ state, progress }) => state === 'completed' && progress.account.delivered === 3,
  );
  expect(done.progress).toMatchObject({ zones: null, account: { queued: 0 } });
  expect(acceptedTimes([east, west, unknown])).toEqual([1, 1, 1]);
});

test('a file that is added, rows put right and numbers that become free again keep to their own hours', async () => {
  const [east, west, later, both] = [phoneIn(EAST!), phoneIn(WEST!), phoneIn(WEST!), phoneIn(WEST!)];
  const id = await draft([west, both, 'not a phone'], { additionalList: true });
  await api.control(id, 'start').expect(200);
  await api.upload(id, 'additional', ['Телефон', east, both, later].join('\r\n')).expect(200);
  await api.until(id, ({ progress }) => progress.account.queued === 3 && progress.waitsUntil !== null);
  expect(acceptedTimes([east, west, later, both])).toEqual([1, 0, 0, 0]);

  // The number in both files goes by the other one now.
  await api.call('delete', `/campaigns/${id}/lists/main`).expect(200);
  expect((await api.get(id)).progress.zones?.map(({ messages }) => messages)).toEqual([4]);
  await move(zoneAt(3), zoneAt(10));
  const done = await api.until(id, ({ state }) => state === 'completed');
  expect(acceptedTimes([east, west, later, both])).toEqual([1, 0, 1, 1]);
  expect(done.progress.account).toMatchObject({ rows: 6, refused: 1, cancelled: 2, delivered: 3 });
});

test('a run begun by the recipients’ clocks may go on by the account’s, and not the other way round', async () => {
  const west = phoneIn(WEST!);
  const id = await draft([west]);
  await api.control(id, 'start').expect(200);
  await api.change(id, { sendingHours: null });
  const done = await api.until(id, ({ state }) => state === 'completed');
  expect(done.progress.account.delivered).toBe(1);

  const other = await draft([phoneIn(WEST!)]);
  await api.control(other, 'start').expect(200);
  await api.change(other, { sendingHours: USUAL_HOURS });
  expect((await api.get(other)).progress.zones).toBeNull();
  const { version } = await api.get(other);
  const { body } = await api
    .call('patch', `/campaigns/${other}`)
    .send({ version, settings: { sendingHours: BY_RECIPIENT } })
    .expect(422);
  expect(body.errors).toMatchObject([{ field: 'sendingHours', code: 'hours_zone_locked' }]);
  await host.sandbox.installs.update('romashka', { timezone: zoneAt(12) });
  await api.until(other, ({ state }) => state === 'completed');

  // The next run is asked anew.
  await api.change(other, { sendingHours: BY_RECIPIENT });
  await api.control(other, 'restart').expect(200);
  expect((await api.get(other)).progress.zones).toMatchObject([{ messages: 1 }]);
  await api.control(other, 'clear').expect(200);
  expect(await api.get(other)).toMatchObject({ state: 'draft', settings: { sendingHours: BY_RECIPIENT } });
});

test('an untouched run whose duplicates are allowed after all is queued anew by zones', async () => {
  const west = phoneIn(WEST!);
  const id = await draft([west, west, west]);
  await api.control(id, 'start').expect(200);
  expect((await api.get(id)).untouched).toBe(true);
  await api.change(id, { removeDuplicates: false });
  expect((await api.get(id)).progress.zones).toMatchObject([{ messages: 3 }]);
  await move(zoneAt(3), zoneAt(10));
  await api.until(id, ({ state }) => state === 'completed');
  expect(acceptedTimes([west])).toEqual([3]);
});

test('without ranges the recipients’ clocks cannot be chosen', async () => {
  await loadRanges(host.database.dataSource, []);
  expect((await api.call('get', '/session').expect(200)).body.recipientZones).toBe(false);
  const { id, version } = await api.create('Часы получателей');
  const { body } = await api
    .call('patch', `/campaigns/${id}`)
    .send({ version, settings: { sendingHours: BY_RECIPIENT } })
    .expect(422);
  expect(body.errors).toMatchObject([{ field: 'sendingHours', code: 'ranges_not_loaded' }]);
});
