/** The host's side of the frame protocol in contract/host-api.ts: exact origin both ways, and only our own frame is heard. */
import { call, data, t, toast, view } from './shell.js';

const PROTOCOL = 'rmo-embed';
const VERSION = 1;
const SILENT_AFTER_MS = 8000;

const frame = document.getElementById('frame');
const note = document.getElementById('frame-note');
const origin = new URL(frame.dataset.src).origin;
let heard = false;

function post(type, payload, re) {
  const message = { p: PROTOCOL, v: VERSION, type, id: crypto.randomUUID(), ...(re ? { re } : {}), payload };
  frame.contentWindow.postMessage(message, origin);
}

/** Several questions at once (a frame repeats `ready` until it is answered) share one token. */
let minting = null;
function token() {
  minting ??= call('POST', '/sandbox/token', {
    tenant: data.tenant,
    user: data.person.id,
    role: data.role,
  }).finally(() => {
    minting = null;
  });
  return minting;
}

async function answerWithToken(type, id, extra = {}) {
  try {
    post(type, { ...extra, ...(await token()) }, id);
  } catch (problem) {
    post('error', { code: 'token_unavailable', message: problem.message }, id);
    toast(`${t('failed')}: ${problem.message}`, 'error');
  }
}

const handlers = {
  ready(id, { embed_id }) {
    if (embed_id !== data.embedId) return undefined;
    heard = true;
    note.hidden = true;
    const { locale, theme } = view();
    const user = { display_name: data.person.displayName };
    return answerWithToken('init', id, { embed_id, locale, theme, user });
  },
  'token.request': (id) => answerWithToken('token.response', id),
  resize(_id, { height }) {
    if (Number.isFinite(height))
      frame.style.height = `${Math.min(Math.max(Math.ceil(height), 200), 20_000)}px`;
  },
  card(_id, { name, state }) {
    return call('POST', '/sandbox/card', { tenant: data.tenant, name, state }).catch(() => {});
  },
  notify(_id, { level, text }) {
    toast(String(text).slice(0, 200), ['success', 'error'].includes(level) ? level : 'info');
  },
  error(_id, { message }) {
    toast(String(message).slice(0, 200), 'error');
  },
};

window.addEventListener('message', (event) => {
  if (event.origin !== origin || event.source !== frame.contentWindow) return;
  const message = event.data;
  if (message?.p !== PROTOCOL || message.v !== VERSION || !Object.hasOwn(handlers, message.type)) return;
  void handlers[message.type](message.id, message.payload ?? {});
});

document.addEventListener('viewchange', ({ detail: { name, value } }) => {
  if (name === 'locale') {
    const title = data.names?.[value] ?? frame.title;
    frame.title = title;
    document.querySelector('main h1').textContent = title;
  }
  post(`${name}.changed`, { [name]: value });
});

// Only now: a frame that is quicker than this script would not be heard.
frame.src = frame.dataset.src;
setTimeout(() => {
  if (heard) return;
  note.dataset.t = 'frameSilent';
  note.textContent = t('frameSilent');
  note.className = 'alert';
}, SILENT_AFTER_MS);
