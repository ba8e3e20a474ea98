import { ROLES } from '../../../contract/session.ts';
import { TENANTS } from '../tenants.ts';
import { personOf, type Context } from './context.ts';
import { html, jsonScript, type Html } from './html.ts';
import { TEXTS, type TextKey } from './texts.ts';

export interface Page {
  title: string;
  /** The section of the navigation it belongs to. */
  section: string;
  main: Html;
  /** The page's own script under /static/. */
  script?: string;
  /** Read by the script from `#data`. */
  data?: unknown;
}

const SECTIONS: [path: string, text: TextKey, icon: string][] = [
  ['/', 'integrations', 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM16.5 13v7M13 16.5h7'],
  ['/rmo', 'rmo', 'M4 5h16v11H9l-5 4z'],
  ['/phones', 'phones', 'M8 3h8v18H8zM11 18h2'],
  ['/sandbox', 'settings', 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4'],
];

export function renderPage(context: Context, page: Page): string {
  const { t, locale, theme, link, tenant } = context;
  const person = personOf(context);
  return html`<!doctype html>
    <html lang="${locale}" data-theme="${theme}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${page.title} · ${t('crm')}</title>
        <link rel="icon" href="/static/bouquet.svg" />
        <link rel="stylesheet" href="/static/crm.css" />
        <link rel="stylesheet" href="/static/parts.css" />
        <link rel="stylesheet" href="/static/conversations.css" />
      </head>
      <body>
        <a class="skip" href="#main" data-t="skip">${t('skip')}</a>
        <aside class="side">
          <p class="brand">
            <img src="/static/bouquet.svg" alt="" width="28" height="28" />
            <span data-t="crm">${t('crm')}</span>
          </p>
          <nav aria-label="${t('navigation')}">
            ${SECTIONS.map(
              ([path, text, icon]) =>
                html`<a
                  href="${link(path)}"
                  data-path="${path}"
                  ${path === page.section && html`aria-current="page"`}
                >
                  <svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icon}" /></svg>
                  <span data-t="${text}">${t(text)}</span></a
                >`,
            )}
          </nav>
          <p class="person"><strong>${person.displayName}</strong><span>${tenant.name}</span></p>
          <p class="note" data-t="sandboxNote">${t('sandboxNote')}</p>
        </aside>
        <div class="page">
          <header class="top">
            <form id="view" aria-label="${t('view')}">${switches(context)}</form>
          </header>
          <main id="main" tabindex="-1">${page.main}</main>
        </div>
        <div id="toasts" role="status" aria-live="polite" aria-label="${t('notifications')}"></div>
        ${jsonScript('texts', TEXTS)} ${jsonScript('data', page.data ?? null)}
        <script type="module" src="/static/shell.js"></script>
        ${page.script && html`<script type="module" src="/static/${page.script}"></script>`}
      </body>
    </html>`.text;
}

function switches({ t, tenant, role, locale, theme }: Context): Html[] {
  return [
    choice(
      'tenant',
      t('tenant'),
      tenant.id,
      TENANTS.map(({ id, name }) => [id, name]),
    ),
    choice(
      'role',
      t('role'),
      role,
      ROLES.map((r) => [r, t(r), r]),
    ),
    choice('locale', t('language'), locale, [
      ['ru', 'Русский'],
      ['en', 'English'],
    ]),
    choice('theme', t('theme'), theme, [
      ['light', t('light'), 'light'],
      ['dark', t('dark'), 'dark'],
    ]),
  ];
}

function choice(name: string, label: string, value: string, options: [string, string, TextKey?][]): Html {
  const text: TextKey = name === 'locale' ? 'language' : (name as TextKey);
  return html`<label
    ><span data-t="${text}">${label}</span>
    <select name="${name}" autocomplete="off">
      ${options.map(
        ([id, shown, key]) =>
          html`<option value="${id}" ${key && html`data-t="${key}"`} ${id === value && html`selected`}>
            ${shown}
          </option>`,
      )}
    </select></label
  >`;
}
