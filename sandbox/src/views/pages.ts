import { join } from 'node:path';
import express, { Router } from 'express';
import type { Identity } from '../identity.ts';
import type { Installs } from '../installs.ts';
import { projectRoot } from '../project-root.ts';
import type { SettingsBox } from '../settings.ts';
import { contextOf, personOf } from './context.ts';
import { html } from './html.ts';
import { integrationPage, integrationsPage, INTEGRATION_PATH } from './integrations.ts';
import { renderPage, type Page } from './layout.ts';
import { phonesPage } from './phones.ts';
import { rmoPage } from './rmo.ts';
import { settingsPage } from './settings.ts';

interface Parts {
  identity: Identity;
  installs: Installs;
  settings: SettingsBox;
  hostUrl: () => string;
}

/** The pages people see. Their address may also carry settings: `/?latencyMs=500`. */
export function pages({ identity, installs, settings, hostUrl }: Parts): Router {
  const router = Router();
  router.use('/static', express.static(join(projectRoot(), 'sandbox/src/pages'), { cacheControl: false }));

  page('/', async (context) =>
    integrationsPage(context, identity.tenant(context.tenant.id), await installs.look()),
  );
  page(INTEGRATION_PATH, async (context) => {
    const { manifest } = await installs.look();
    const view = integrationPage(context, identity.tenant(context.tenant.id), manifest, hostUrl());
    return { ...view, data: { ...(view.data as object), person: personOf(context), role: context.role } };
  });
  page('/rmo', rmoPage);
  page('/phones', phonesPage);
  page('/sandbox', (context) => settingsPage(context, settings.get()));

  router.use((request, response) => {
    const context = contextOf(request.query);
    const title = context.t('notFound');
    const main = html`<h1>${title}</h1>
      <p><a class="button" href="${context.link('/')}">${context.t('integrations')}</a></p>`;
    response.status(404).send(renderPage(context, { title, section: '', main }));
  });
  return router;

  function page(path: string, render: (context: ReturnType<typeof contextOf>) => Page | Promise<Page>): void {
    router.get(path, async (request, response) => {
      settings.patchFromQuery(request.query);
      const context = contextOf(request.query);
      response.setHeader('Cache-Control', 'no-store');
      response.send(renderPage(context, await render(context)));
    });
  }
}
