import type { Context } from './context.ts';
import { html } from './html.ts';
import type { Page } from './layout.ts';

/** The operators' workplace; its script fills it and looks for news each second. */
export function rmoPage({ t, tenant, link }: Context): Page {
  const main = html`<h1>${t('rmo')}</h1>
    <section id="empty" class="empty" hidden>
      <h2>${t('rmoEmpty')}</h2>
      <p>${t('rmoEmptyText')}</p>
      <p><a class="button" href="${link('/phones')}">${t('rmoEmptyLink')}</a></p>
    </section>
    <div id="workplace" class="workplace" hidden>
      <nav aria-label="${t('chats')}"><ul id="chats"></ul></nav>
      <section id="chat" aria-live="polite"><p class="empty">${t('chooseChat')}</p></section>
    </div>`;
  return { title: t('rmo'), section: '/rmo', main, script: 'rmo.js', data: { tenant: tenant.id } };
}
