import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import request from 'supertest';
import { CONTROLS } from '../../contract/campaign-states.ts';
import { MAX_FILE_BYTES } from '../../contract/list.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import { startApp, windows1251, type Api, type TestApp } from './app.ts';

/** Every wrong input gets its own clear answer, and nothing that was there changes. */
let host: TestApp;
let api: Api;
let id: number;

beforeAll(async () => {
  host = await startApp();
  api = host.as('romashka');
  id = (await api.create('Осень')).id;
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: 'Привет' });
  await api.upload(id, 'main', windows1251('Телефон\r\n89120000001\r\n')).expect(200);
});
afterAll(() => host.stop());

async function unchanged(call: () => Promise<unknown>): Promise<void> {
  const before = await api.get(id);
  await call();
  expect({ ...(await api.get(id)), asOf: before.asOf }).toEqual(before);
}

describe('files', () => {
  const bytes = (...start: number[]) => Uint8Array.from([...start, ...new Array(200).fill(0)]);
  test.each([
    ['empty', new Uint8Array(0), 'file_empty'],
    ['only blank lines', Buffer.from('\r\n\r\n \r\n'), 'file_empty'],
    ['an .xlsx', bytes(0x50, 0x4b, 3, 4), 'file_not_csv'],
    [
      'no column of phones',
      Buffer.from('Имя;Город\r\nИван;Москва\r\nПётр;Тверь\r\n'),
      'phone_column_missing',
    ],
    ['no valid row', Buffer.from('Телефон\r\n123\r\n7,91235E+10\r\n'), 'no_valid_rows'],
  ])('%s', async (_name, file, code) => {
    await unchanged(async () => {
      const { body, headers } = await api.upload(id, 'main', file).expect(422);
      expect(body.code).toBe(code);
      expect(headers['content-type']).toMatch('application/problem+json');
    });
  });

  test('exactly 10 MB is too large, one byte less is not', async () => {
    const line = '89120000001\r\n';
    const text = line.repeat(Math.ceil(MAX_FILE_BYTES / line.length));
    await unchanged(async () => {
      const { body } = await api.upload(id, 'main', text.slice(0, MAX_FILE_BYTES)).expect(413);
      expect(body.code).toBe('file_too_large');
    });
    await api.upload(id, 'main', text.slice(0, MAX_FILE_BYTES - 1)).expect(200);
  });

  test('an upload that is cut off leaves what was there', async () => {
    await unchanged(async () => {
      const call = api.upload(id, 'main', '89120000009\r\n').set('Content-Length', '1000');
      setImmediate(() => call.abort());
      await call.catch(() => undefined);
    });
  });
});

describe('settings', () => {
  const cases: [string, object, number, string][] = [
    ['a rate of 0', { ratePerMinute: 0 }, 422, 'rate_invalid'],
    ['a rate of 301', { ratePerMinute: 301 }, 422, 'rate_invalid'],
    ['a rate of 2.5', { ratePerMinute: 2.5 }, 422, 'rate_invalid'],
    ['a rate of "abc"', { ratePerMinute: 'abc' }, 422, 'rate_invalid'],
    ['an empty name', { name: '  ' }, 422, 'name_required'],
    ['a name of 101', { name: 'я'.repeat(101) }, 422, 'name_too_long'],
    ['a time in the past', { schedule: { kind: 'at', at: '2020-01-01T10:00' } }, 422, 'time_past'],
    ['a time that is none', { schedule: { kind: 'at', at: '2026-02-30T10:00' } }, 422, 'time_invalid'],
    ['another method', { method: 'fax' }, 422, 'method_invalid'],
  ];
  test.each(cases)('%s', async (_name, settings, status, code) => {
    await unchanged(async () => {
      const { version } = await api.get(id);
      const { body } = await api.call('patch', `/campaigns/${id}`).send({ version, settings }).expect(status);
      expect(body.errors).toMatchObject([{ code }]);
    });
  });

  test('a name already used, in any case of letters', async () => {
    const { body } = await api.call('post', '/campaigns').send({ name: ' ОСЕНЬ ' }).expect(409);
    expect(body.code).toBe('name_taken');
    await host.as('vasilek').create('Осень');
  });

  test('a change made on an older version', async () => {
    await unchanged(async () => {
      const { version } = await api.get(id);
      const { body } = await api
        .call('patch', `/campaigns/${id}`)
        .send({ version: version - 1, settings: { text: 'x' } })
        .expect(409);
      expect(body.code).toBe('version_conflict');
    });
  });

  test('a start that is not ready names every field in the way', async () => {
    const empty = await api.create('Пустая');
    const { body } = await api.control(empty.id, 'start').expect(422);
    expect(body.errors.map(({ field, code }: { field: string; code: string }) => [field, code])).toEqual([
      ['channelId', 'channel_required'],
      ['templateId', 'template_required'],
      ['mainList', 'list_required'],
    ]);
    const { body: channels } = await api.call('get', '/channels');
    const channelId = channels.data.find(({ method }: { method: string }) => method === 'waba').id;
    const { body: templates } = await api.call('get', `/channels/${channelId}/templates`);
    const of = (status: string, variables: boolean) =>
      templates.data.find(
        (t: { status: string; variables: unknown[] }) =>
          t.status === status && t.variables.length > 0 === variables,
      )?.id ?? templates.data.find((t: { status: string }) => t.status === status).id;
    for (const [templateId, code] of [
      [of('approved', true), 'binding_required'],
      [of('paused', true), 'template_not_approved'],
      ['gone', 'template_unknown'],
    ]) {
      await api.change(empty.id, { channelId, templateId });
      const { body: refused } = await api.control(empty.id, 'start').expect(422);
      expect(refused.errors[0].code).toBe(code);
    }
  });
});

describe('controls in the wrong state', () => {
  test.each(CONTROLS.filter((control) => control !== 'start'))('%s of a draft', async (control) => {
    await unchanged(async () => {
      const { body } = await api.control(id, control).expect(409);
      expect(body).toMatchObject({ code: 'control_not_allowed', params: { control, state: 'draft' } });
    });
  });
});

describe('who is calling', () => {
  test('no token', async () => {
    const { body } = await request(host.baseUrl).get(`/api/campaigns/${id}`).expect(401);
    expect(body.code).toBe('token_missing');
  });

  test('an ES256 token of the host’s registered key is accepted', async () => {
    await host.as('vasilek').call('get', '/session').expect(200);
  });

  test('another account’s campaign is not there, with any call', async () => {
    const mine = await api.create('Только моя');
    const stranger = host.as('vasilek');
    const path = `/campaigns/${mine.id}`;
    // Campaigns are numbered within an account: the stranger has fewer, so the number is not theirs.
    for (const call of [
      stranger.call('get', path),
      stranger.call('patch', path).send({ version: 1, settings: { text: 'x' } }),
      stranger.call('delete', path),
      stranger.call('get', `${path}/report`),
      stranger.call('get', `${path}/preview`),
      stranger.call('get', `${path}/history`),
      stranger.call('get', `${path}/template-file`),
      stranger.upload(mine.id, 'main', 'Телефон\r\n89120000001\r\n'),
      stranger.call('delete', `${path}/lists/main`),
      ...CONTROLS.map((control) => stranger.control(mine.id, control)),
    ]) {
      const { body } = await call.expect(404);
      expect(body.code).toBe('campaign_not_found');
    }
  });

  test.each([
    ['viewer', 403],
    ['operator', 403],
    ['supervisor', 201],
  ] as const)('a %s who creates: %d', async (role, status) => {
    await host
      .as('romashka', role)
      .call('post', '/campaigns')
      .send({ name: `by ${role}` })
      .expect(status);
  });

  test('an installation switched off refuses its people, and takes them again when it is on', async () => {
    await host.sandbox.installs.disable('vasilek');
    expect((await host.as('vasilek').call('get', '/session').expect(403)).body.code).toBe(
      'installation_inactive',
    );
    await host.sandbox.installs.enable('vasilek');
    await host.as('vasilek').call('get', '/session').expect(200);
  });
});

describe('whatever else', () => {
  test.each([
    ['an unknown id', '/campaigns/999999', 404, 'campaign_not_found'],
    ['an id that is none', "/campaigns/1' or 1=1", 404, 'campaign_not_found'],
    ['an unknown path', '/nothing', 404, 'not_found'],
    ['an unknown field of files', '/campaigns/1/lists/third/refused', 404, 'slot_unknown'],
    ['an unknown channel', '/channels/nope/templates', 422, 'channel_unknown'],
  ])('%s', async (_name, path, status, code) => {
    expect((await api.call('get', encodeURI(path)).expect(status)).body.code).toBe(code);
  });

  test('broken JSON', async () => {
    const call = api.call('post', '/campaigns').set('Content-Type', 'application/json').send('{"name":');
    expect((await call.expect(400)).body.code).toBe('malformed');
  });

  test('the answer is in the reader’s language', async () => {
    const { body } = await api
      .call('get', '/campaigns/999999')
      .set('Accept-Language', 'ru-RU,ru;q=0.9')
      .expect(404);
    expect(body.detail).toBe(PROBLEMS.campaign_not_found.ru);
  });

  test('a webhook that is not signed by the host changes nothing', async () => {
    const { installation } = host.sandbox.identity.tenant('romashka');
    await request(host.baseUrl)
      .post(`/api/webhooks/host/${installation!.id}`)
      .send({ type: 'message.status' })
      .expect(401);
    await request(host.baseUrl).post('/api/webhooks/host/unknown').send({}).expect(404);
  });
});
