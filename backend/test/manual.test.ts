import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { accountAddsUp } from '../../contract/message-states.ts';
import type { Campaign } from '../../contract/campaign.ts';
import { startApp, windows1251, type Api, type TestApp } from './app.ts';

/** The manual's eleven points, through the API, with the sandbox as the host. */
let host: TestApp;
let api: Api;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
});
afterAll(() => host.stop());

let names = 0;
const newName = () => `Рассылка ${(names += 1)}`;

async function smsCampaign(settings: Parameters<Api['change']>[1] = {}): Promise<Campaign> {
  const { id } = await api.create(newName());
  return api.change(id, {
    method: 'sms',
    channelId: 'sms-romashka-number',
    text: 'Здравствуйте!',
    ratePerMinute: 300,
    ...settings,
  });
}

const phones = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => `8912${String(from + i).padStart(7, '0')}`);
const csv = (numbers: string[], header = 'Телефон') =>
  windows1251(`${header}\r\n${numbers.join('\r\n')}\r\n`);
const done = (campaign: Campaign) => campaign.state === 'completed';
const refOf = ({ id, progress }: Campaign) => `1:${id}:${progress.run}`;

test('1, 2.2, 4, 8, 11: an SMS campaign from a windows-1251 file goes out, and the report accounts for every row', async () => {
  const { id } = await smsCampaign({ text: 'Здравствуйте, {{Имя|друг}}!' });
  const file = windows1251(
    'Телефон;Имя\r\n8 (912) 345-67-89;Иван\r\n+7 912 345-67-89;Пётр\r\n7,91235E+10;Анна\r\n9031112233;\r\n',
  );
  const uploaded = (await api.upload(id, 'main', file, 'Клиенты.csv').expect(200)).body as Campaign;
  expect(uploaded.lists).toMatchObject([
    {
      fileName: 'Клиенты.csv',
      encoding: 'windows-1251',
      separator: ';',
      rows: 4,
      contacts: 2,
      duplicates: 1,
      refused: 1,
    },
  ]);
  await api.control(id, 'start').expect(200);
  const finished = await api.until(id, (c) => done(c) && c.progress.account.delivered === 2);
  expect(finished.progress.account).toMatchObject({ rows: 4, refused: 1, duplicates: 1, delivered: 2 });
  expect(accountAddsUp(finished.progress.account)).toBe(true);
  expect(host.sandbox.ledger.entries('romashka', refOf(finished)).map(({ text }) => text)).toEqual([
    'Здравствуйте, Иван!',
    'Здравствуйте, друг!',
  ]);
  const report = (await api.call('get', `/campaigns/${id}/report`).set('Accept-Language', 'ru').expect(200))
    .text;
  const lines = report.split('\r\n');
  expect(report.startsWith(`\uFEFFРассылка;${finished.settings.name}\r\n`)).toBe(true);
  const rows = lines.slice(lines.indexOf('') + 2, -1);
  expect(rows.map((row) => [row.split(';')[1], row.split(';')[6]])).toEqual([
    ['8 (912) 345-67-89', 'доставлено'],
    [`'+7 912 345-67-89`, 'повтор'],
    ['7,91235E+10', 'отклонено'],
    ['9031112233', 'доставлено'],
  ]);
});

test('2.1, 3: a WABA template with its variables bound to columns; the template file has those columns', async () => {
  const { id } = await api.create(newName());
  const { body: channels } = await api.call('get', '/channels').expect(200);
  const waba = channels.data.filter(({ method }: { method: string }) => method === 'waba');
  expect(waba).toHaveLength(2);
  const { body: templates } = await api.call('get', `/channels/${waba[0].id}/templates`).expect(200);
  const template = templates.data.find(
    (each: { status: string; variables: { key: string }[] }) =>
      each.status === 'approved' && each.variables.some(({ key }) => key === 'body.first_name'),
  );
  const bindings = Object.fromEntries(
    template.variables.map(({ key, name }: { key: string; name: string }) => [
      key,
      { kind: 'column', column: name === 'first_name' ? 'Имя' : name, fallback: 'нет' },
    ]),
  );
  await api.change(id, {
    method: 'waba',
    channelId: waba[0].id,
    templateId: template.id,
    bindings,
    ratePerMinute: 300,
  });
  const sample = (
    await api.call('get', `/campaigns/${id}/template-file`).set('Accept-Language', 'ru').expect(200)
  ).text;
  expect(sample.split('\r\n')[0]).toBe(
    `\uFEFFТелефон;${Object.values(bindings)
      .map(({ column }) => column)
      .join(';')}`,
  );
  const header = sample.split('\r\n')[0]!.slice(1);
  const values = header
    .split(';')
    .slice(2)
    .map(() => '17');
  await api
    .upload(id, 'main', `\uFEFF${header}\r\n+79161234567;${['Мария', ...values].join(';')}\r\n`)
    .expect(200);
  await api.control(id, 'start').expect(200);
  const finished = await api.until(id, done);
  expect(finished.template?.id).toBe(template.id);
  const [sent] = host.sandbox.ledger.entries('romashka', refOf(finished));
  expect(Object.values(sent!.template!.variables)).toContain('Мария');
});

test('5: a number in both files is written to once, whatever its spelling; switched off, each row gets its message', async () => {
  for (const [removeDuplicates, expected] of [
    [true, { delivered: 3, duplicates: 2 }],
    [false, { delivered: 5, duplicates: 0 }],
  ] as const) {
    const { id } = await smsCampaign({ removeDuplicates, additionalList: true });
    await api.upload(id, 'main', csv(['89120000001', '+7 912 000-00-01', '89120000002'])).expect(200);
    const both = (await api.upload(id, 'additional', csv(['7 (912) 000 00 02', '89120000003'])).expect(200))
      .body;
    expect(both.lists[1]).toMatchObject({ contacts: 2, duplicatesOfOther: 1 });
    expect(both.progress.account).toMatchObject({
      rows: 5,
      queued: expected.delivered,
      duplicates: expected.duplicates,
    });
    await api.control(id, 'start').expect(200);
    const finished = await api.until(id, (c) => done(c) && c.progress.account.sent === 0);
    expect(finished.progress.account).toMatchObject({ rows: 5, ...expected });
    expect(accountAddsUp(finished.progress.account)).toBe(true);
  }
});

test('6: the second file field is there only when it is switched on', async () => {
  const { id } = await smsCampaign();
  const { body } = await api.upload(id, 'additional', csv(phones(10, 1))).expect(409);
  expect(body.code).toBe('additional_list_off');
});

describe('7: a file removed while the campaign runs', () => {
  async function runningWithTwo(onFileRemoval: 'remove' | 'send'): Promise<Campaign> {
    const { id } = await smsCampaign({ additionalList: true, onFileRemoval, ratePerMinute: 300 });
    await api.upload(id, 'main', csv(phones(100, 40))).expect(200);
    await api.upload(id, 'additional', csv([...phones(200, 3), ...phones(139, 1)])).expect(200);
    await api.control(id, 'start').expect(200);
    await api.until(id, ({ progress }) => progress.account.queued < 43);
    return (await api.control(id, 'pause').expect(200)).body.campaign;
  }

  test('with "remove": what was not sent is cancelled, and a number it shared with the other file is still written to', async () => {
    const paused = await runningWithTwo('remove');
    await api.call('delete', `/campaigns/${paused.id}/lists/main`).expect(200);
    await api.control(paused.id, 'resume').expect(200);
    const finished = await api.until(paused.id, (c) => done(c) && c.progress.account.sent === 0);
    const { account } = finished.progress;
    expect(account).toMatchObject({ rows: 44, queued: 0, duplicates: 0 });
    expect(account.cancelled).toBeGreaterThan(0);
    expect(account.delivered + account.cancelled).toBe(44);
    const written = host.sandbox.ledger.entries('romashka', refOf(finished)).map(({ phone }) => phone);
    expect(written).toEqual(expect.arrayContaining(['+79120000200', '+79120000202', '+79120000139']));
    expect(new Set(written).size).toBe(written.length);
    const report = (await api.call('get', `/campaigns/${paused.id}/report`)).text;
    expect(report.split('\r\n').filter((line) => line.includes(';cancelled;'))).toHaveLength(
      account.cancelled,
    );
  });

  test('with "send": what was not sent is still sent', async () => {
    const paused = await runningWithTwo('send');
    const { body } = await api.call('delete', `/campaigns/${paused.id}/lists/main`).expect(200);
    expect(body.lists.map(({ slot }: { slot: string }) => slot)).toEqual(['additional']);
    await api.control(paused.id, 'resume').expect(200);
    const finished = await api.until(paused.id, (c) => done(c) && c.progress.account.sent === 0);
    expect(finished.progress.account).toMatchObject({ rows: 44, delivered: 43, duplicates: 1, cancelled: 0 });
  });

  test('a file added while it runs is queued, without the numbers written to already', async () => {
    const { id } = await smsCampaign({ additionalList: true });
    await api.upload(id, 'main', csv(phones(300, 12))).expect(200);
    await api.control(id, 'start').expect(200);
    await api.upload(id, 'additional', csv([...phones(300, 2), ...phones(400, 2)])).expect(200);
    const finished = await api.until(id, (c) => done(c) && c.progress.account.sent === 0);
    expect(finished.progress.account).toMatchObject({ rows: 16, delivered: 14, duplicates: 2 });
    expect(host.sandbox.ledger.stats('romashka', refOf(finished))).toMatchObject({
      accepted: 14,
      sentTwice: 0,
    });
  });
});

test('9: a campaign waits for its time in the account’s zone, starts once then, and one that is missed pauses', async () => {
  const { ScheduledStarts } = await import('../src/campaigns/scheduled-starts.ts');
  const starts = host.app.get(ScheduledStarts);
  const at = (minutes: number) =>
    new Date(Date.now() + (3 * 60 + minutes) * 60_000).toISOString().slice(0, 16);
  for (const [late, state, reason] of [
    [1, 'running', null],
    [16, 'paused', 'missed_start'],
  ] as const) {
    const { id } = await smsCampaign({ schedule: { kind: 'at', at: at(2) } });
    await api.upload(id, 'main', csv(phones(500, 30))).expect(200);
    const { body } = await api.control(id, 'start').expect(200);
    expect(body.campaign).toMatchObject({ state: 'scheduled', controls: ['cancelSchedule', 'clear'] });
    const time = new Date(body.campaign.scheduledFor).getTime();
    expect(time - Date.now()).toBeGreaterThan(0);
    expect(time - Date.now()).toBeLessThanOrEqual(2 * 60_000);
    expect(await starts.runOnce(new Date(time - 1))).toBe(0);
    const times = await Promise.all([1, 2, 3].map(() => starts.runOnce(new Date(time + late * 60_000))));
    expect(times.reduce((sum, each) => sum + each, 0)).toBe(1);
    expect(await api.get(id)).toMatchObject({ state, pauseReason: reason });
    await api.control(id, 'clear').expect(200);
  }
});

test('9: a scheduled campaign that has nobody to write to becomes a draft again and holds up no other', async () => {
  const { ScheduledStarts } = await import('../src/campaigns/scheduled-starts.ts');
  const at = new Date(Date.now() + (3 * 60 + 2) * 60_000).toISOString().slice(0, 16);
  const scheduled = async (number: string) => {
    const { id } = await smsCampaign({ schedule: { kind: 'at', at } });
    await api.upload(id, 'main', csv([number])).expect(200);
    const { body } = await api.control(id, 'start').expect(200);
    return body.campaign as Campaign;
  };
  const empty = await scheduled('89124440001');
  await api.call('post', '/stop-list').send({ phone: '89124440001' }).expect(204);
  const good = await scheduled('89124440002');
  await host.app.get(ScheduledStarts).runOnce(new Date(new Date(good.scheduledFor!).getTime() + 1000));
  expect(await api.get(empty.id)).toMatchObject({ state: 'draft', pauseReason: null });
  await api.until(good.id, done);
});

test('4: refused rows, corrected while the messages go out, are written to with their own words, once', async () => {
  const { id } = await smsCampaign({ text: 'Здравствуйте, {{Имя}}!' });
  const people = phones(7000, 20).map((phone) => `${phone};Яна`);
  const file = `Телефон;Имя\r\n${people.join('\r\n')}\r\n8912;Пётр\r\nнет;Оля\r\n`;
  await api.upload(id, 'main', windows1251(file)).expect(200);
  const { body: started } = await api.control(id, 'start').expect(200);
  const path = `/campaigns/${id}/lists/main`;
  const { body } = await api
    .call('get', `${path}/refused`)
    .buffer(true)
    .parse((response, take) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => take(null, Buffer.concat(parts)));
    })
    .expect(200);
  const text = new TextDecoder('windows-1251').decode(body as Buffer);
  await api.until(id, ({ progress }) => progress.account.queued < 20);
  const corrected = windows1251(text.replace('8912;Пётр', `${phones(7020, 1)[0]};Пётр Ильич`));
  for (const queued of [1, 0]) {
    const answer = await api
      .call('post', `${path}/corrections`)
      .set('Content-Type', 'text/csv')
      .send(Buffer.from(corrected))
      .expect(200);
    expect(answer.body.correction).toMatchObject({ taken: queued, queued, stillRefused: 1 });
  }
  const finished = await api.until(id, done);
  expect(finished.progress.account).toMatchObject({ rows: 22, refused: 1 });
  expect(accountAddsUp(finished.progress.account)).toBe(true);
  const ref = refOf(started.campaign);
  expect(host.sandbox.ledger.stats('romashka', ref)).toMatchObject({ accepted: 21, sentTwice: 0 });
  expect(host.sandbox.ledger.entries('romashka', ref).at(-1)!.text).toBe('Здравствуйте, Пётр Ильич!');
});

describe('10: the controls', () => {
  test('pause stops the hand-over at once, resume goes on, and nobody is written to twice', async () => {
    const { id } = await smsCampaign();
    await api.upload(id, 'main', csv(phones(1000, 25))).expect(200);
    const { body: started } = await api.control(id, 'start').expect(200);
    await api.until(id, ({ progress }) => progress.account.queued < 25);
    const { body: paused } = await api.control(id, 'pause').expect(200);
    expect(paused.campaign).toMatchObject({
      state: 'paused',
      pauseReason: 'user',
      controls: ['resume', 'clear'],
    });
    const ref = refOf(started.campaign);
    const atPause = host.sandbox.ledger.stats('romashka', ref).accepted;
    expect(atPause).toBeLessThan(25);
    await api.control(id, 'pause').expect(409);
    // Longer than a whole grant takes: whatever was in hand would have left by now.
    const again = await api
      .call('get', `/campaigns/${id}/preview`)
      .then(() => host.sandbox.ledger.stats('romashka', ref).accepted);
    expect(again - atPause).toBeLessThanOrEqual(paused.inFlight);
    await api.control(id, 'resume').expect(200);
    await api.until(id, done);
    expect(host.sandbox.ledger.stats('romashka', ref)).toMatchObject({ accepted: 25, sentTwice: 0 });
  });

  test('clear removes lists and queue, keeps what was sent in the report, and the next start is a new run', async () => {
    const { id } = await smsCampaign();
    await api.upload(id, 'main', csv([...phones(2000, 30), '123'])).expect(200);
    await api.control(id, 'start').expect(200);
    await api.until(id, ({ progress }) => progress.account.delivered > 0);
    const { body } = await api.control(id, 'clear').expect(200);
    expect(body.campaign).toMatchObject({
      state: 'draft',
      lists: [],
      controls: ['start'],
      settings: { text: 'Здравствуйте!' },
    });
    // What was on its way at that moment is still being answered.
    let rows: string[];
    do {
      const report = (await api.call('get', `/campaigns/${id}/report`)).text;
      rows = report.split('\r\n').filter((line) => line.startsWith(`'+79`));
    } while (rows.some((line) => line.includes(';sending;')));
    expect(rows).toHaveLength(host.sandbox.ledger.stats('romashka', `1:${id}:1`).accepted);
    const { body: refused } = await api.control(id, 'start').expect(422);
    expect(refused.errors).toMatchObject([{ field: 'mainList', code: 'list_required' }]);
    await api.upload(id, 'main', csv(phones(2000, 2))).expect(200);
    await api.control(id, 'start').expect(200);
    const finished = await api.until(id, (c) => done(c) && c.progress.account.delivered === 2);
    expect(finished.progress.run).toBe(2);
  });

  test('restart writes to all again, or only to those that failed', async () => {
    const { id } = await smsCampaign();
    await api.upload(id, 'main', csv(phones(3000, 4))).expect(200);
    host.sandbox.settings.change({ refuseShare: 1 });
    await api.control(id, 'start').expect(200);
    const first = await api.until(id, done);
    host.sandbox.settings.change({ refuseShare: 0 });
    expect(first.progress.account).toMatchObject({ rows: 4, failed: 4 });
    expect(first.controls).toEqual(['clear', 'restart']);
    await api.control(id, 'restart', { scope: 'failed' }).expect(200);
    const second = await api.until(id, (c) => done(c) && c.progress.account.delivered === 4);
    expect(second.progress).toMatchObject({ run: 2, account: { rows: 4 } });
    const { body } = await api.control(id, 'restart', { scope: 'failed' }).expect(422);
    expect(body.errors).toMatchObject([{ code: 'nobody_to_write' }]);
    await api.control(id, 'restart').expect(200);
    const third = await api.until(id, (c) => done(c) && c.progress.account.delivered === 4);
    expect(third.progress.run).toBe(3);
    // The file has the rows of all runs, so its head has the account of each.
    const report = (await api.call('get', `/campaigns/${id}/report`).set('Accept-Language', 'ru')).text;
    for (const line of ['Запуск;1;2;3', 'Строк;4;4;4', 'ошибка;4;0;0', 'доставлено;0;4;4']) {
      expect(report.split('\r\n')).toContain(line);
    }
  });

  test('one of five simultaneous starts has its effect', async () => {
    const { id } = await smsCampaign();
    await api.upload(id, 'main', csv(phones(4000, 3))).expect(200);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => api.control(id, 'start')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409]);
    const finished = await api.until(id, done);
    expect(host.sandbox.ledger.stats('romashka', refOf(finished))).toMatchObject({
      accepted: 3,
      sentTwice: 0,
    });
  });
});

test('a chat appears only when the customer answers, with what the person had received; STOP goes on the stop list', async () => {
  const { id, settings } = await smsCampaign({ text: 'Привет, {{Имя}}' });
  await api.upload(id, 'main', csv(['89125550001;Олег', '89125550002;Ира'], 'Телефон;Имя')).expect(200);
  await api.control(id, 'start').expect(200);
  await api.until(id, (c) => done(c) && c.progress.account.delivered === 2);
  const chats = () =>
    host.sandbox.conversations
      .chatsOf('romashka')
      .filter(({ request }) => request.phone.startsWith('+7912555'));
  expect(chats()).toEqual([]);
  host.sandbox.customers.reply({
    tenant: 'romashka',
    phone: '+79125550001',
    text: 'Да, интересно',
    quote: true,
  });
  await api.until(id, ({ progress }) => progress.replied === 1 && chats().length === 1);
  expect(chats()[0]!.request).toMatchObject({
    phone: '+79125550001',
    campaign: { name: settings.name },
    message: { text: 'Привет, Олег' },
    reply: { text: 'Да, интересно' },
  });
  host.sandbox.customers.reply({ tenant: 'romashka', phone: '+79125550002', text: ' Стоп! ' });
  await api.until(id, ({ progress }) => progress.replied === 2);
  const { body } = await api.call('get', '/stop-list').expect(200);
  expect(body.data[0]).toMatchObject({ phone: '+79125550002', evidence: ' Стоп! ' });
  await api.control(id, 'restart').expect(200);
  const again = await api.until(id, (c) => done(c) && c.progress.account.delivered === 1);
  expect(again.progress.account).toMatchObject({ rows: 2, stopped: 1 });
});

test('a test message goes to one’s own number, outside counts', async () => {
  const { id } = await smsCampaign({ text: 'Проба' });
  const { body } = await api
    .call('post', `/campaigns/${id}/test-message`)
    .send({ phone: '8 912 777-00-00' })
    .expect(200);
  expect(body).toEqual({ text: 'Проба' });
  expect((await api.get(id)).progress.account.rows).toBe(0);
});

test('a test message is made of the row that is asked for, or of the first that one can be made of', async () => {
  const { id } = await smsCampaign({ text: '{{Имя}}' });
  await api
    .upload(id, 'main', csv(['89127770001;', '89127770002;Анна', '89127770003;Пётр'], 'Телефон;Имя'))
    .expect(200);
  const list = (await api.get(id)).lists[0]!.id;
  const send = (row?: number) =>
    api
      .call('post', `/campaigns/${id}/test-message`)
      .send({ phone: '8 912 777-00-00', ...(row !== undefined && { row: { list, row } }) });
  expect((await send().expect(200)).body).toEqual({ text: 'Анна' });
  expect((await send(4).expect(200)).body).toEqual({ text: 'Пётр' });
  expect((await send(2).expect(422)).body.code).toBe('test_row_empty');
  // A row that is gone meanwhile is no reason not to send.
  expect((await send(77).expect(200)).body).toEqual({ text: 'Анна' });
});
