import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import request from 'supertest';
import * as v from 'valibot';
import {
  CampaignSchema,
  ControlResultSchema,
  HistoryEntrySchema,
  PreviewSchema,
  RunSchema,
} from '../../contract/campaign.ts';
import { ChannelSchema, TemplateSchema } from '../../contract/channel.ts';
import { ProblemSchema } from '../../contract/problems.ts';
import { SessionSchema } from '../../contract/session.ts';
import { OPERATIONS } from '../src/openapi/operations.ts';
import { startApp, type TestApp } from './app.ts';

let host: TestApp;
beforeAll(async () => {
  host = await startApp();
});
afterAll(() => host.stop());

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
}

test('every route of the API is described, and nothing else is', () => {
  const { router } = host.app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } };
  const routes = router.stack.flatMap(({ route }) =>
    route
      ? Object.keys(route.methods).map((method) => `${method} ${route.path.replace(/:(\w+)/g, '{$1}')}`)
      : [],
  );
  const own = routes.filter((each) => each.includes(' /api/') && !/openapi\.json|\/docs/.test(each));
  expect(own.sort()).toEqual(OPERATIONS.map(({ method, path }) => `${method} ${path}`).sort());
});

test('the document is valid, and served with a page to browse it', async () => {
  const { body } = await request(host.baseUrl).get('/api/openapi.json').expect(200);
  expect(body).toMatchObject({ openapi: '3.1.0', info: { title: 'Mass Messaging' } });
  expect(body.paths['/api/campaigns/{id}'].get.responses['404'].description).toContain('campaign_not_found');
  expect((await new Validator().validate(structuredClone(body))).errors ?? []).toEqual([]);
  const page = await request(host.baseUrl).get('/api/docs').expect(200);
  expect(page.text).toContain('/api/docs/swagger-ui-bundle.js');
  await request(host.baseUrl).get('/api/docs/swagger-ui-bundle.js').expect(200);
});

test('answers are what the schemas say', async () => {
  const api = host.as('romashka');
  const data = async (path: string) => (await api.call('get', path).expect(200)).body.data;
  const { id } = await api.create('Schema');
  await api.change(id, { method: 'sms', channelId: 'sms-romashka', text: '{{Имя}}' });
  await api.upload(id, 'main', 'Телефон;Имя\r\n89120000001;Иван\r\n1;x\r\n').expect(200);
  v.parse(SessionSchema, (await api.call('get', '/session')).body);
  v.parse(v.pipe(v.array(ChannelSchema), v.minLength(4)), await data('/channels'));
  const templates = await data('/channels/wa-romashka-sales/templates');
  v.parse(v.pipe(v.array(TemplateSchema), v.minLength(3)), templates);
  v.parse(PreviewSchema, (await api.call('get', `/campaigns/${id}/preview`).expect(200)).body);
  v.parse(ControlResultSchema, (await api.control(id, 'start').expect(200)).body);
  v.parse(CampaignSchema, await api.get(id));
  v.parse(v.pipe(v.array(HistoryEntrySchema), v.minLength(3)), await data(`/campaigns/${id}/history`));
  v.parse(v.pipe(v.array(RunSchema), v.length(1)), await data(`/campaigns/${id}/runs`));
  v.parse(ProblemSchema, (await api.control(id, 'start')).body);
});

test('the manifest is served with this deployment’s address, and again only when it has changed', async () => {
  const first = await request(host.baseUrl).get('/manifest.json').expect(200);
  expect(first.body).toMatchObject({ key: 'mass-messaging', base_url: host.baseUrl });
  await request(host.baseUrl).get('/manifest.json').set('If-None-Match', first.headers['etag']!).expect(304);
  await request(host.baseUrl).get('/widget/icon.svg').expect(200);
});

test('the frame may be embedded by the installation’s origins and by nobody else', async () => {
  const page = (tenant: string) =>
    request(host.baseUrl)
      .get(`/widget/?host=${encodeURIComponent(host.sandbox.url)}&tenant=${tenant}`)
      .expect(200);
  const known = await page('romashka');
  expect(known.headers['content-security-policy']).toContain(`frame-ancestors ${host.sandbox.url};`);
  expect(known.headers['x-frame-options']).toBeUndefined();
  expect(known.text).toContain(`<meta name="host-origins" content="${host.sandbox.url}"`);
  const stranger = await page('nobody');
  expect(stranger.headers['content-security-policy']).toContain(`frame-ancestors 'none'`);
});
