import { afterEach, expect, test } from '@jest/globals';
import type { HostWebhook } from '../../contract/host-api.ts';
import { Events } from './events.ts';
import { Journal } from './journal.ts';
import { Ledger } from './ledger.ts';
import { sms, startInstalled, whatsapp, type Installed } from '../test/installed.ts';

let host: Installed;
afterEach(() => host.stop());

const ALL_READ = { enabled: true, delayMs: 0, failedShare: 0, deliveredShare: 1, readShare: 1 };

function statuses(webhooks: HostWebhook[]): string[] {
  return webhooks.flatMap((w) => (w.type === 'message.status' ? [w.data.status] : []));
}

async function sendWhatsapp(n = 1) {
  return host.call('POST', '/v1/messages', whatsapp(n), { 'idempotency-key': `k${n}` });
}

test('a WhatsApp message is sent, delivered and read, each told by a signed webhook', async () => {
  host = await startInstalled({ receipts: ALL_READ });
  const { body } = await sendWhatsapp();
  await host.integration.received((all) => all.length === 3);
  const webhooks = host.integration.verified();
  expect(statuses(webhooks).sort()).toEqual(['delivered', 'read', 'sent']);
  expect(webhooks[0]).toMatchObject({ data: { message_id: body.id, client_ref: 'acc:7:1:1' } });
  const { id } = host.sandbox.identity.tenant('romashka').installation!;
  expect(host.integration.webhooks[0]!.path).toBe(`/api/webhooks/host/${id}`);
  const found = await host.call('GET', '/v1/messages?client_ref=acc:7:1:1');
  expect(found.body.data[0].status).toBe('read');
});

test('an SMS is never read, and one that fails says why', async () => {
  host = await startInstalled({ receipts: ALL_READ });
  await host.send();
  await host.integration.received((all) => all.length === 2);
  expect(statuses(host.integration.verified()).sort()).toEqual(['delivered', 'sent']);
  host.sandbox.settings.change({ receipts: { failedShare: 1 } });
  await host.send(sms(2));
  await host.integration.received((all) => all.length === 4);
  const failed = host.integration
    .verified()
    .find((w) => w.type === 'message.status' && w.data.status === 'failed');
  expect(failed).toMatchObject({
    data: { client_ref: 'acc:7:1:2', error: { code: 'recipient_unreachable' } },
  });
});

test('receipts come twice when told so, some of them under the same id', async () => {
  host = await startInstalled({ receipts: { ...ALL_READ, duplicateShare: 1 } });
  await Promise.all(Array.from({ length: 10 }, (_, i) => sendWhatsapp(i)));
  await host.integration.received((all) => all.length === 60);
  const ids = new Set(host.integration.webhooks.map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBeGreaterThan(30);
  expect(ids.size).toBeLessThan(60);
});

test('the same seed gives the same fates, whatever the order of arrival', async () => {
  const fates: string[][] = [];
  for (const order of [
    [1, 2, 3, 4, 5],
    [5, 3, 1, 4, 2],
  ]) {
    host = await startInstalled({ seed: 42 });
    for (const n of order) await sendWhatsapp(n);
    const { ledger, receipts } = host.sandbox;
    fates.push(
      ledger
        .entries()
        .map((r) => `${r.ref} ${receipts.fate(r).join()}`)
        .sort(),
    );
    if (fates.length === 1) await host.stop();
  }
  expect(fates[0]).toEqual(fates[1]);
});

test('a webhook that is not taken is sent again under the same id', async () => {
  host = await startInstalled();
  host.integration.webhookAnswers.push(500);
  await host.send();
  host.sandbox.customers.reply({ tenant: 'romashka', phone: sms().to.value, text: 'Да' });
  await host.integration.received((all) => all.length === 2);
  const [first, second] = host.integration.webhooks;
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  expect(second!.at - first!.at).toBeGreaterThan(450);
});

test('410 ends the tries', async () => {
  host = await startInstalled();
  host.integration.webhookAnswers.push(410);
  await host.send();
  const reply = () => host.sandbox.customers.reply({ tenant: 'romashka', phone: sms().to.value, text: 'Да' });
  reply();
  await host.integration.received((all) => all.length === 1);
  reply();
  await host.integration.received((all) => all.length === 2);
  expect(host.sandbox.webhooks.stats()).toMatchObject({ dropped: 1, retried: 0 });
});

test('a customer answers by themselves, on a channel that takes answers', async () => {
  host = await startInstalled({ customers: { replyShare: 1, delayMs: 0, texts: ['СТОП'] } });
  await host.send({ ...sms(1), channel_id: 'sms-romashka' });
  await host.send(sms(2));
  await host.integration.received((all) => all.length === 1);
  expect(host.integration.verified()[0]).toMatchObject({
    type: 'message.reply',
    data: { from: { type: 'phone', value: sms(2).to.value }, content: { type: 'text', text: 'СТОП' } },
  });
});

test('anybody can be made to answer, with a quote when asked for', async () => {
  host = await startInstalled();
  const { body } = await host.send();
  const reply = { tenant: 'romashka', phone: sms().to.value, text: 'Да, интересно', quote: true };
  expect((await host.call('POST', '/sandbox/reply', reply)).status).toBe(201);
  await host.integration.received((all) => all.length === 1);
  expect(host.integration.verified()[0]).toMatchObject({ data: { in_reply_to: body.id } });
  const unknown = await host.call('POST', '/sandbox/reply', { ...reply, phone: '+79990000000' });
  expect(unknown.status).toBe(404);
  await host.send({ ...sms(3), channel_id: 'sms-romashka' });
  const oneWay = await host.call('POST', '/sandbox/reply', { ...reply, phone: sms(3).to.value });
  expect(oneWay.body.code).toBe('channel_one_way');
});

interface FeedPage {
  data: ({ id: string } & HostWebhook)[];
  next: string;
}

test('the feed tells the same under the same ids as the webhooks, oldest first, a page at a time', async () => {
  host = await startInstalled({ receipts: ALL_READ });
  await sendWhatsapp();
  await host.integration.received((all) => all.length === 3);
  const pages: FeedPage[] = [];
  for (let after = ''; pages.at(-1)?.data.length !== 0; after = `&after=${pages.at(-1)!.next}`)
    pages.push((await host.call('GET', `/v1/events?limit=2${after}`)).body);
  expect(pages.map(({ data }) => data.length)).toEqual([2, 1, 0]);
  expect(pages[2]!.next).toBe(pages[1]!.next);
  const events = pages.flatMap(({ data }) => data);
  expect(statuses(events)).toEqual(['sent', 'delivered', 'read']);
  const ids = host.integration.webhooks.map(({ headers }) => headers['webhook-id']);
  expect(events.map(({ id }) => id).sort()).toEqual(ids.sort());
});

test.each([
  ['after=abc', 410],
  ['after=00000000-0', 410],
  ['limit=0', 400],
  ['limit=x', 400],
])('the feed has no page for %s', async (query, status) => {
  host = await startInstalled();
  expect((await host.call('GET', `/v1/events?${query}`)).status).toBe(status);
});

test('of the events the latest are kept, and who asks for what is forgotten is told to begin anew', () => {
  const events = new Events(new Ledger(new Journal(null)), 10);
  const add = (n: number) =>
    events.add('t', { kind: 'template', id: `tpl-${n}`, channel: 'wa', status: 'approved', at: n });
  add(0);
  const early = events.read('t', undefined, 0)!.next;
  for (let n = 1; n < 30; n += 1) add(n);
  expect(events.read('t', early, 5)).toBeNull();
  const oldest = events.read('t', undefined, 100)!;
  expect(oldest.data.map(({ data }) => 'id' in data && data.id)).toEqual(
    Array.from({ length: 10 }, (_, n) => `tpl-${n + 20}`),
  );
  expect(events.read('t', oldest.next, 100)).toEqual({ data: [], next: oldest.next });
});
