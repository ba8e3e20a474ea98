/** What every page shares: the switches in the header, texts, toasts, calls to the sandbox. */
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const texts = read('texts');
const form = document.getElementById('view');

export const data = read('data');

export function view() {
  return Object.fromEntries(new FormData(form));
}

export function t(key) {
  return texts[view().locale][key] ?? key;
}

/** @returns the answer's JSON; throws an Error with the answer's own words */
export async function call(method, path, body) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = answer.status === 204 ? null : await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(json?.detail ?? `${t('failed')} (${answer.status})`);
  return json;
}

export function toast(text, level = 'info') {
  const item = document.createElement('p');
  item.className = `toast ${level}`;
  item.textContent = text;
  document.getElementById('toasts').append(item);
  setTimeout(() => item.remove(), 6000);
}

/** @returns an element; texts are put in as texts, never as markup */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(key, value === true ? '' : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function clock(iso) {
  const { locale } = view();
  const date = new Date(iso);
  const today = date.toDateString() === new Date().toDateString();
  const day = today ? {} : { day: 'numeric', month: 'short' };
  return date.toLocaleString(locale, { ...day, hour: '2-digit', minute: '2-digit', second: '2-digit' });
}

/** +7 912 345-67-89 */
export function phoneText(phone) {
  const parts = /^\+7(\d{3})(\d{3})(\d{2})(\d{2})$/.exec(phone);
  return parts ? `+7 ${parts[1]} ${parts[2]}-${parts[3]}-${parts[4]}` : phone;
}

/** Runs again a while after it has ended; a hidden page rests. */
export function every(ms, run) {
  const turn = async () => {
    if (!document.hidden) await run().catch(() => {});
    setTimeout(turn, ms);
  };
  void turn();
}

/** A page of the CRM as this one is looked at. */
export function addressOf(path) {
  const url = new URL(path, location.href);
  for (const [key, value] of Object.entries(view())) url.searchParams.set(key, value);
  return url;
}

/** Puts the chosen language into everything marked with data-t, and the chosen view into the links. */
function relabel() {
  document.documentElement.lang = view().locale;
  for (const element of document.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t);
  for (const link of document.querySelectorAll('a[data-path]')) link.href = addressOf(link.dataset.path);
}

form.addEventListener('change', ({ target: { name, value } }) => {
  const address = addressOf(location.href);
  if (name === 'theme') document.documentElement.dataset.theme = value;
  // Beside a frame with work in it nothing is reloaded: the frame is told instead.
  const inPlace = name === 'theme' || (name === 'locale' && document.getElementById('frame'));
  if (!inPlace) return location.assign(address);
  history.replaceState(null, '', address);
  relabel();
  document.dispatchEvent(new CustomEvent('viewchange', { detail: { name, value } }));
});
form.addEventListener('submit', (event) => event.preventDefault());
