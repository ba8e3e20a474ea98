/**
 * Embeds the card in a page of the CRM. One file without dependencies: copy it, or serve it as it is. Types: embed.d.ts.
 *
 *   import { embed } from './embed.js';
 *   embed({
 *     into: document.getElementById('card'),
 *     url: 'https://messaging.example.com/widget/',
 *     host: 'https://crm.example.com',
 *     tenant: '42',
 *     user: { display_name: 'Мария' },
 *     token: () => fetch('/messaging-token', { method: 'POST' }).then((answer) => answer.json()),
 *   });
 *
 * Exact origins both ways: only our own frame is heard, and nobody else is told anything.
 */
const PROTOCOL = 'rmo-embed';
const VERSION = 1;
const SILENT_AFTER_MS = 8000;
/** The page was reloaded, or come back to: its first card opens what was open in it. */
let reloaded = ['reload', 'back_forward'].includes(performance.getEntriesByType('navigation')[0]?.type);

export function embed(options) {
  const { into, url, host, tenant, token, user, title = 'Mass Messaging' } = options;
  const { minHeight = 200, maxHeight = 20_000 } = options;
  let { locale = document.documentElement.lang || 'en', theme = 'light' } = options;
  const embedId = randomId();
  const origin = new URL(url).origin;
  const query = { host, tenant, embed_id: embedId, locale, theme, ...(reloaded ? { reloaded: '1' } : {}) };
  reloaded = false;
  const frame = frameFor(new URL(url), query);
  frame.title = title;
  frame.style.height = `${Math.max(minHeight, 640)}px`;
  let minting = null;
  let heard = false;
  let visible = true;
  const capabilities = Object.entries({ confirm: options.onConfirm, navigate: options.onNavigate })
    .filter(([, handler]) => handler)
    .map(([name]) => name);

  function post(type, payload, re) {
    const message = { p: PROTOCOL, v: VERSION, type, id: randomId(), ...(re ? { re } : {}), payload };
    frame.contentWindow?.postMessage(message, origin);
  }

  /** Several questions at once (a frame repeats `ready` until it is answered) share one token. */
  function mint() {
    minting ??= Promise.resolve(token()).finally(() => (minting = null));
    return minting;
  }

  async function answerWithToken(type, id, extra) {
    try {
      const { token, expires_at } = await mint();
      post(type, { ...extra(), token, expires_at }, id);
    } catch (error) {
      post('error', { code: 'token_unavailable', message: String(error?.message ?? error) }, id);
      options.onError?.(error);
    }
  }

  const handlers = {
    ready(id, { embed_id }) {
      if (embed_id !== embedId) return;
      if (!heard) options.onReady?.();
      heard = true;
      void answerWithToken('init', id, () => ({ embed_id, locale, theme, user, capabilities })).then(
        () => visible || post('visibility', { visible }),
      );
    },
    'token.request': (id) => void answerWithToken('token.response', id, () => ({})),
    resize(_id, { height }) {
      if (Number.isFinite(height))
        frame.style.height = `${Math.min(Math.max(Math.ceil(height), minHeight), maxHeight)}px`;
    },
    card: (_id, { name, state }) => options.onCard?.({ name, state }),
    notify: (_id, { level, text }) => options.onNotify?.({ level, text: String(text).slice(0, 200) }),
    async confirm(id, { title, text, ok, cancel, danger }) {
      const question = { title: String(title), text: String(text), ok: String(ok), cancel: String(cancel) };
      const confirmed = await Promise.resolve(
        options.onConfirm?.({ ...question, danger: danger === true }),
      ).catch(() => false);
      post('confirm.response', { confirmed: confirmed === true }, id);
    },
    navigate: (_id, { target, id }) =>
      target === 'conversation' && options.onNavigate?.({ target, id: String(id) }),
    error: (_id, { message }) => options.onError?.(new Error(String(message).slice(0, 200))),
  };

  function hear(event) {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    const message = event.data;
    if (message?.p !== PROTOCOL || message.v !== VERSION || !Object.hasOwn(handlers, message.type)) return;
    handlers[message.type](message.id, message.payload ?? {});
  }

  // In another tab of the CRM, or scrolled away, the card asks for nothing.
  const sight = new IntersectionObserver((changes) => {
    visible = changes.at(-1).isIntersecting;
    if (heard) post('visibility', { visible });
  });

  // Before the frame is there: one that is quicker than this script would not be heard.
  window.addEventListener('message', hear);
  const silence = setTimeout(() => heard || options.onSilent?.(), SILENT_AFTER_MS);
  into.replaceChildren(frame);
  sight.observe(frame);

  return {
    frame,
    setLocale(next) {
      locale = next;
      post('locale.changed', { locale });
    },
    setTheme(next) {
      theme = next;
      post('theme.changed', { theme });
    },
    remove() {
      clearTimeout(silence);
      sight.disconnect();
      window.removeEventListener('message', hear);
      frame.remove();
    },
  };
}

function frameFor(address, query) {
  for (const [name, value] of Object.entries(query)) address.searchParams.set(name, value);
  const frame = document.createElement('iframe');
  frame.sandbox.add('allow-scripts', 'allow-same-origin', 'allow-forms', 'allow-downloads');
  frame.referrerPolicy = 'origin';
  frame.allow = 'clipboard-write';
  frame.style.cssText = 'display: block; width: 100%; border: 0';
  frame.src = address.href;
  return frame;
}

/** 128 random bits; `crypto.randomUUID` is missing on pages that come without https. */
function randomId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}
