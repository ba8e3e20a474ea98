import { STOP_CODES, type Settings } from '../settings.ts';
import { TENANTS } from '../tenants.ts';
import type { Context } from './context.ts';
import { html, type Html } from './html.ts';
import type { Page } from './layout.ts';
import type { TextKey } from './texts.ts';

const COLUMNS = ['accepted', 'distinctPhones', 'replays', 'sentTwice', 'maxPerMinute', 'lastAt'] as const;

export function settingsPage({ t }: Context, settings: Settings): Page {
  const { receipts, customers, ...answers } = settings;
  const main = html`<h1>${t('settings')}</h1>
    <p class="lead">${t('settingsLead')}</p>
    <form id="settings">
      <div class="groups">
        ${group(t, 'answers', '', answers)} ${group(t, 'receipts', 'receipts.', receipts)}
        ${group(t, 'customers', 'customers.', customers)}
      </div>
      <p id="settings-error" class="alert" role="alert" hidden></p>
      <p class="actions">
        <button class="primary">${t('save')}</button> <button type="button" id="reset">${t('reset')}</button>
      </p>
    </form>
    <h2>${t('ledger')}</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th scope="col">${t('tenant')}</th>
            ${COLUMNS.map((c) => html`<th scope="col">${t(c)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${TENANTS.map(
            ({ id, name }) =>
              html`<tr data-tenant="${id}">
                <th scope="row">${name}</th>
                ${COLUMNS.map((c) => html`<td data-stat="${c}">0</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="muted">${t('webhooks')}: <output id="webhooks"></output></p>`;
  return { title: t('settings'), section: '/sandbox', main, script: 'settings.js' };
}

function group(
  t: Context['t'],
  name: 'answers' | 'receipts' | 'customers',
  prefix: string,
  values: object,
): Html {
  return html`<fieldset>
    <legend>${t(`group_${name}`)}</legend>
    ${Object.entries(values).map(([key, value]) => field(t, prefix + key, value))}
  </fieldset>`;
}

function field(t: Context['t'], path: string, value: unknown): Html {
  return html`<label class="field"><span>${t(path as TextKey)}</span> ${control(t, path, value)}</label>`;
}

function control(t: Context['t'], path: string, value: unknown): Html {
  if (path === 'stopCode') {
    return html`<select name="${path}" data-kind="code">
      ${['', ...Object.keys(STOP_CODES)].map(
        (code) =>
          html`<option value="${code}" ${code === (value ?? '') && html`selected`}>
            ${code || t('none')}
          </option>`,
      )}
    </select>`;
  }
  if (typeof value === 'boolean') {
    return html`<input type="checkbox" name="${path}" data-kind="switch" ${value && html`checked`} />`;
  }
  if (Array.isArray(value)) {
    return html`<textarea name="${path}" data-kind="lines" rows="6">${value.join('\n')}</textarea>`;
  }
  const share = /^rate\d|AfterAccept$|Share$/.test(path);
  return html`<input
    type="number"
    name="${path}"
    data-kind="number"
    min="0"
    ${share && html`max="1"`}
    step="any"
    value="${value === null ? '' : String(value)}"
  />`;
}
