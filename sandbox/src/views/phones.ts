import type { Context } from './context.ts';
import { html } from './html.ts';
import type { Page } from './layout.ts';

/** What the recipients hold in their hands; its script fills it and looks for news. */
export function phonesPage({ t, tenant }: Context): Page {
  const main = html`<h1>${t('phones')}</h1>
    <p class="lead">${t('phonesLead')}</p>
    <form id="find" role="search">
      <label
        ><span>${t('search')}</span>
        <input type="search" name="search" inputmode="tel" autocomplete="off" placeholder="+7 912 …"
      /></label>
      <p class="muted">${t('received')}: <output id="total">0</output></p>
    </form>
    <p id="empty" class="empty" hidden>${t('phonesEmpty')}</p>
    <ul id="phones" class="phones"></ul>`;
  return { title: t('phones'), section: '/phones', main, script: 'phones.js', data: { tenant: tenant.id } };
}
