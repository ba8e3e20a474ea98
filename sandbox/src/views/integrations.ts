import type { TenantState } from '../identity.ts';
import { inLanguage, type Manifest } from '../manifest.ts';
import type { Context } from './context.ts';
import { html, type Html } from './html.ts';
import type { Page } from './layout.ts';
import type { TextKey } from './texts.ts';

const SAMPLES: [name: TextKey, text: TextKey][] = [
  ['sampleTelephony', 'sampleTelephonyText'],
  ['sampleShop', 'sampleShopText'],
  ['sampleAccounting', 'sampleAccountingText'],
];

export const INTEGRATION_PATH = '/integration/mass-messaging';

export function integrationsPage(
  context: Context,
  state: TenantState,
  { manifest, answers }: { manifest: Manifest | null; answers: boolean },
): Page {
  const { t } = context;
  const main = html` <h1>${t('integrations')}</h1>
    <p class="lead">${t('integrationsLead')}</p>
    <p id="error" class="alert" role="alert" ${answers && html`hidden`}>${t('backendAway')}</p>
    <ul class="cards">
      ${ourCard(context, state, manifest)}
      ${SAMPLES.map(
        ([name, text]) =>
          html`<li class="card sample">
            <div class="card-head">
              <span class="icon" aria-hidden="true">${t(name).slice(0, 1)}</span>
              <div><h2>${t(name)}</h2></div>
            </div>
            <p>${t(text)}</p>
            <p class="muted">${t('sample')}</p>
          </li>`,
      )}
    </ul>
    <dialog id="uninstall" aria-labelledby="uninstall-title">
      <form method="dialog">
        <h2 id="uninstall-title">${t('uninstallAsk')}</h2>
        <p>${t('uninstallWhat')}</p>
        <p class="actions">
          <button value="cancel" autofocus>${t('cancel')}</button>
          <button value="uninstall" class="danger">${t('uninstall')}</button>
        </p>
      </form>
    </dialog>`;
  return {
    title: t('integrations'),
    section: '/',
    main,
    script: 'integrations.js',
    data: { tenant: context.tenant.id },
  };
}

function ourCard(context: Context, state: TenantState, manifest: Manifest | null): Html {
  const { t, locale, link } = context;
  const installed = state.state === 'active' || state.state === 'disabled';
  const name = inLanguage(manifest?.name, locale) || t('defaultName');
  const about =
    inLanguage(manifest?.short_description ?? manifest?.description, locale) || t('defaultDescription');
  return html`<li class="card" id="mass-messaging" data-state="${state.state}">
    <div class="card-head">
      ${icon(manifest, name)}
      <div>
        <h2>${name}</h2>
        <p class="badge ${state.state}">
          ${t(installed ? (state.state as 'active' | 'disabled') : 'notInstalled')}
        </p>
      </div>
    </div>
    <p>${about}</p>
    ${installed && campaign(context, state)}
    <p class="actions">
      ${
        installed
          ? html`${
                state.state === 'active'
                  ? html`<a class="button primary" href="${link(INTEGRATION_PATH)}">${t('open')}</a>
                      <button type="button" data-action="disable">${t('disable')}</button>`
                  : html`<button type="button" class="primary" data-action="enable">${t('enable')}</button>`
              } <button type="button" class="quiet" data-action="uninstall">${t('uninstall')}</button>`
          : html`<button type="button" class="primary" data-action="install">${t('install')}</button>`
      }
    </p>
  </li>`;
}

function campaign({ t }: Context, { card }: TenantState): Html {
  if (!card?.name) return html`<p class="campaign muted" data-campaign>${t('noCampaign')}</p>`;
  return html`<p class="campaign" data-campaign>
    <span class="muted">${t('campaign')}</span> <strong>${card.name}</strong>
    ${card.state && html`<span class="badge state-${card.state}">${stateText(card.state, t)}</span>`}
  </p>`;
}

/** The frame may say the state's code or its own words for it. */
function stateText(state: string, t: Context['t']): string {
  return t(`state_${state}` as TextKey) ?? state;
}

function icon(manifest: Manifest | null, name: string): Html {
  const path = manifest?.icons?.svg ?? Object.values(manifest?.icons ?? {})[0];
  if (!manifest || !path) return html`<span class="icon" aria-hidden="true">${name.slice(0, 1)}</span>`;
  return html`<img
    class="icon"
    src="${new URL(path, manifest.base_url).href}"
    alt=""
    width="48"
    height="48"
  />`;
}

export function integrationPage(
  context: Context,
  state: TenantState,
  manifest: Manifest | null,
  issuer: string,
): Page {
  const { t, locale, tenant, link } = context;
  const name = inLanguage(manifest?.name, locale) || t('defaultName');
  const crumbs = html`<nav class="crumbs" aria-label="${t('integrations')}">
      <a href="${link('/')}" data-path="/" data-t="integrations">${t('integrations')}</a>
    </nav>
    <h1>${name}</h1>`;
  const page = { title: name, section: '/' };
  if (state.state !== 'active' || !manifest) {
    const why: TextKey =
      state.state === 'active' ? 'backendAway' : state.state === 'disabled' ? 'enableFirst' : 'installFirst';
    const main = html`${crumbs}
      <p class="alert">${t(why)}</p>
      <p><a class="button" href="${link('/')}">${t('integrations')}</a></p>`;
    return { ...page, main };
  }
  const { href: url } = new URL(manifest.placements[0]!.url, manifest.base_url);
  const main = html`${crumbs}
    <p id="frame-note" class="muted" data-t="frameLoading">${t('frameLoading')}</p>
    <div id="card"></div>`;
  return {
    ...page,
    main,
    script: 'integration.js',
    data: { url, host: issuer, tenant: tenant.id, title: name, names: manifest.name },
  };
}
