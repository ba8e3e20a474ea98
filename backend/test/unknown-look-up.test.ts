import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Gateways } from '../src/dispatch/gateway.ts';
import { UnknownLookUp } from '../src/dispatch/unknown-look-up.ts';
import { GATEWAYS } from '../src/tokens.ts';
import { startApp, type TestApp } from './app.ts';

let host: TestApp;
beforeAll(async () => {
  host = await startApp();
});
afterAll(() => host.stop());

test('a message that was accepted and never answered is found at the host, without any receipt and without a repeat', async () => {
  // As a channel whose provider knows no keys: it must not be asked to send again.
  Object.assign(host.app.get<Gateways>(GATEWAYS).host, { honoursKeys: false });
  host.sandbox.settings.change({ resetAfterAccept: 1, receipts: { enabled: false } });
  const api = host.as('romashka');
  const { id } = await api.create('Осень');
  await api.change(id, {
    method: 'sms',
    channelId: 'sms-romashka-number',
    text: 'Привет',
    ratePerMinute: 300,
  });
  await api.upload(id, 'main', 'Телефон\r\n89127770001\r\n89127770002\r\n').expect(200);
  await api.control(id, 'start').expect(200);
  await api.until(id, ({ state }) => state === 'completed');
  const sql = (text: string) => host.database.dataSource.query(text);
  expect(await sql('select state, provider_id from message')).toEqual(
    Array(2).fill({ state: 'unknown', provider_id: null }),
  );
  await sql('update unknown_message set due_at = now()');
  const worker = host.app.get(UnknownLookUp);
  while ((await sql('select 1 from unknown_message')).length > 0) await worker.runOnce();
  expect(await sql('select state, reason, provider_id is not null as has_id from message')).toEqual(
    Array(2).fill({ state: 'sent', reason: null, has_id: true }),
  );
  expect(host.sandbox.ledger.stats().accepted).toBe(2);
});
